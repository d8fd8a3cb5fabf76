import Foundation
import Logging
import Roost

/// A server from its first listening to its orderly end.
struct Daemon: Sendable {
    /// How long answers that were ended may take to be written; past it only a client that does not read holds one up.
    private static let endDuration = Duration.seconds(2)
    /// How long those who serve closed connections may take to notice.
    private static let closeDuration = Duration.seconds(5)

    private let configuration: RoostServerConfiguration
    private let control: ServerControl
    private let claim: RunDirectory?
    private let logger: Logger
    private let active = ActiveGenerations()
    private let connections: OpenConnections
    private let identity: TLSIdentity?
    private let exchange: RequestExchange
    private let policy: KeyPolicy

    init(
        manager: ModelManager, configuration: RoostServerConfiguration, control: ServerControl, claim: RunDirectory?,
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.control = control
        self.claim = claim
        self.logger = logger
        identity = try configuration.tls.map { try TLSIdentity($0) }
        connections = OpenConnections(limit: configuration.maximumConnectionCount)
        let parts = ServerParts(
            manager: manager, configuration: configuration, active: active, control: control, connections: connections)
        policy = parts.policy
        let refusals = NativeDialect(parts: parts)
        let responder = LiveResponder(ServerRouter.make(parts)) { refusals.response(to: $0) }
        exchange = RequestExchange(
            responder: responder, observer: RequestObserver(metrics: parts.metrics), logger: logger)
    }

    /// Listens, serves, and ends when it is told to.
    ///
    /// Throws `RoostServerError`.
    func run(_ onListening: @Sendable (RunningServer) async -> Void) async throws {
        let keyWatch = Task { await KeyWatch(policy: policy, active: active, logger: logger).run() }
        defer { keyWatch.cancel() }
        let (listeners, server) = try await listen()
        do {
            try claim?.write(server)
        } catch {
            for listener in listeners { await listener.close() }
            removeTraces(server)
            throw error
        }
        await onListening(server)
        await control.drainAsked.wait()
        for listener in listeners { await listener.close() }
        await drain()
        removeTraces(server)
    }

    private func listen() async throws -> ([Listener], RunningServer) {
        let tcp = try await Listener.tcp(
            host: configuration.host, port: configuration.port, serverChannel(identity: identity))
        var server = RunningServer(
            pid: ProcessInfo.processInfo.processIdentifier, host: configuration.host,
            port: tcp.port ?? configuration.port, version: configuration.version, startedAt: .now,
            token: policy.ownToken.text)
        if identity != nil { server.isEncrypted = true }
        guard let path = claim?.socketPath, configuration.listensOnSocket else { return ([tcp], server) }
        do {
            let unix = try await Listener.unix(path, serverChannel(identity: nil))
            server.socket = path
            return ([tcp, unix], server)
        } catch {
            // It is a convenience: TCP serves without it.
            logger.warning("\(error)")
            return ([tcp], server)
        }
    }

    private func serverChannel(identity: TLSIdentity?) -> ServerChannel {
        ServerChannel(
            limits: configuration.connectionLimits, identity: identity, connections: connections, exchange: exchange)
    }

    /// Idle connections go at once, running answers have their time, and then everything ends.
    private func drain() async {
        connections.drain()
        if await connections.waitUntilEmpty(atMost: configuration.drainDuration, or: control.endAsked) { return }
        active.stop()
        if await connections.waitUntilEmpty(atMost: Self.endDuration) { return }
        connections.close()
        if await connections.waitUntilEmpty(atMost: Self.closeDuration) { return }
        logger.error(
            "Requests did not end when their connections were closed", metadata: ["count": "\(connections.count)"])
    }

    private func removeTraces(_ server: RunningServer) {
        if server.socket != nil { claim?.removeSocket() }
        claim?.removeRecord()
    }
}
