import Foundation
import Logging
import Roost
import ServiceLifecycle

/// Roost's HTTP server as a service: the Ollama and OpenAI dialects over one `ModelManager`.
///
///     let service = RoostService(manager: manager, configuration: .init(manager.configuration), logger: logger)
///     let group = ServiceGroup(
///         services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
///     try await group.run()
///
/// On graceful shutdown, or when ``control`` says so, it accepts no more connections, lets running generations go on for
/// `configuration.drainDuration`, ends those that remain with an error of their dialect, and returns. When its task is
/// cancelled it does the same without waiting. The manager stays the caller's to shut down.
public struct RoostService: Service {
    /// Tells the server to end.
    public let control: ServerControl
    private let manager: ModelManager
    private let configuration: RoostServerConfiguration
    private let logger: Logger
    private let onListening: @Sendable (RunningServer) async -> Void

    /// A server that is not listening yet. `onListening` is called once when it is, with the port it took.
    public init(
        manager: ModelManager, configuration: RoostServerConfiguration, logger: Logger,
        control: ServerControl = ServerControl(),
        onListening: @escaping @Sendable (RunningServer) async -> Void = { _ in }
    ) {
        self.manager = manager
        self.configuration = configuration
        self.logger = logger
        self.control = control
        self.onListening = onListening
    }

    /// Listens and answers until shutdown.
    ///
    /// Throws `RoostServerError` when it may not or cannot listen, or when another server has the home directory, and
    /// `AccessKeyError` when the keys cannot be read.
    public func run() async throws {
        guard (0...65535).contains(configuration.port) else {
            throw RoostServerError.invalidPort(configuration.port)
        }
        try configuration.checkAccess()
        let claim = try configuration.runDirectory.map { try RunDirectory.claim($0) }
        let daemon = try Daemon(
            manager: manager, configuration: configuration, control: control, claim: claim, logger: logger)
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                // A cancelled task could not wait for its own end.
                try await Task { try await daemon.run(onListening) }.value
            } onGracefulShutdown: {
                control.drain()
            }
        } onCancel: {
            control.end()
        }
    }
}
