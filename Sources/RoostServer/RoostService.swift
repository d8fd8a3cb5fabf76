import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Roost
import ServiceLifecycle
import Synchronization

/// Roost's HTTP server as a service: the Ollama and OpenAI dialects over one `ModelManager`.
///
///     let service = RoostService(manager: manager, configuration: .init(manager.configuration), logger: logger)
///     let group = ServiceGroup(
///         services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
///     try await group.run()
///
/// On graceful shutdown it accepts no more connections, lets running generations go on for
/// `configuration.drainDuration`, ends those that remain with an error of their dialect, and returns. The manager stays
/// the caller's to shut down.
public struct RoostService: Service {
    private let manager: ModelManager
    private let configuration: RoostServerConfiguration
    private let logger: Logger
    private let onListening: @Sendable (RunningServer) async -> Void

    /// A server that is not listening yet. `onListening` is called once when it is, with the port it took.
    public init(
        manager: ModelManager, configuration: RoostServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (RunningServer) async -> Void = { _ in }
    ) {
        self.manager = manager
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Listens and answers until shutdown.
    ///
    /// Throws `RoostServerError` when it may not or cannot listen, or when another server has the home directory.
    public func run() async throws {
        guard (0...65535).contains(configuration.port) else {
            throw RoostServerError.invalidPort(configuration.port)
        }
        guard configuration.allowsInsecureListening || RoostServerConfiguration.isLoopback(configuration.host) else {
            throw RoostServerError.insecureListenAddress(host: configuration.host)
        }
        guard let directory = configuration.runDirectory else { return try await serve(recordingIn: nil) }
        let claim = try RunDirectory.claim(directory)
        defer { claim.removeRecord() }
        try await serve(recordingIn: claim)
    }

    private func serve(recordingIn claim: RunDirectory?) async throws {
        let active = ActiveGenerations()
        let recordFailure = Mutex<(any Error)?>(nil)
        let application = Application(
            router: ServerRouter.make(
                ServerParts(manager: manager, configuration: configuration, active: active)),
            server: .http1(configuration: Self.channelConfiguration),
            configuration: .init(address: .hostname(bindHost, port: configuration.port)),
            onServerRunning: { channel in
                let server = RunningServer(
                    pid: ProcessInfo.processInfo.processIdentifier, host: configuration.host,
                    port: channel.localAddress?.port ?? configuration.port, version: configuration.version,
                    startedAt: .now)
                do {
                    try claim?.write(server)
                } catch {
                    recordFailure.withLock { $0 = error }
                    return channel.close(promise: nil)
                }
                await onListening(server)
            },
            logger: logger)
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                Task {
                    try? await Task.sleep(for: configuration.drainDuration)
                    active.stop()
                }
            }
        } catch {
            throw recordFailure.withLock { $0 } ?? listenError(error)
        }
        if let error = recordFailure.withLock({ $0 }) { throw error }
    }

    private var bindHost: String {
        configuration.host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    }

    private func listenError(_ error: any Error) -> any Error {
        let host = configuration.host
        let port = configuration.port
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            return RoostServerError.addressInUse(host: host, port: port)
        case let error as IOError:
            return RoostServerError.cannotListen(
                host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        case is SocketAddressError, is NIOConnectionError:
            return RoostServerError.cannotListen(host: host, port: port, reason: "the address is not known")
        default: return error
        }
    }

    /// Headers up to 16 KiB, a minute for a request to arrive, and an eye on clients that go away.
    private static var channelConfiguration: HTTP1Channel.Configuration {
        .init(
            additionalChannelHandlers: [ConnectionWatcher(), WebSocketUpgrader()], idleTimeout: .seconds(60),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))
    }
}
