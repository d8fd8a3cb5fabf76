import Foundation
import Logging
import Roost
import Synchronization

/// A server from its first listening to its orderly end.
final class Daemon: Sendable {
    /// How long answers that were ended may take to be written; past it only a client that does not read holds one up.
    private static let endDuration = Duration.seconds(5)
    /// How long those who serve closed connections may take to notice.
    private static let closeDuration = Duration.seconds(5)

    private struct State {
        var configuration: RoostServerConfiguration
        var server: RunningServer?
    }

    private let state: Mutex<State>
    private let parts: ServerParts
    private let claim: RunDirectory?
    private let logger: Logger
    private let identity: TLSIdentity?
    private let responder: LiveResponder

    private var configuration: RoostServerConfiguration { state.withLock { $0.configuration } }
    private var control: ServerControl { parts.control }
    private var connections: OpenConnections { parts.connections }

    init(
        manager: ModelManager, configuration: RoostServerConfiguration, control: ServerControl, claim: RunDirectory?,
        logger: Logger
    ) throws {
        state = Mutex(State(configuration: configuration))
        self.claim = claim
        self.logger = logger
        identity = try configuration.tls.map { try TLSIdentity($0) }
        let parts = ServerParts(
            manager: manager, configuration: configuration, active: ActiveGenerations(), control: control,
            connections: OpenConnections(limit: configuration.maximumConnectionCount))
        self.parts = parts
        let refusals = NativeDialect(parts: parts)
        responder = LiveResponder(ServerRouter.make(parts)) { refusals.response(to: $0) }
    }

    /// Listens, serves, and ends when it is told to.
    ///
    /// Throws `RoostServerError`.
    func run(_ onListening: @Sendable (RunningServer) async -> Void) async throws {
        let keyWatch = Task { await KeyWatch(policy: parts.policy, active: parts.active, logger: logger).run() }
        defer { keyWatch.cancel() }
        let (listeners, server) = try await listen()
        do {
            try claim?.write(server)
        } catch {
            for listener in listeners { await listener.close() }
            removeTraces(server)
            throw error
        }
        state.withLock { $0.server = server }
        control.onReload { [weak self] in try self?.reload($0, $1) }
        await onListening(server)
        await control.drainAsked.wait()
        for listener in listeners { await listener.close() }
        await drain()
        removeTraces(server)
    }

    private func listen() async throws -> ([Listener], RunningServer) {
        let configuration = configuration
        let tcp = try await Listener.tcp(
            host: configuration.host, port: configuration.port, serverChannel(identity: identity))
        var server = RunningServer(
            pid: ProcessInfo.processInfo.processIdentifier, host: configuration.host,
            port: tcp.port ?? configuration.port, version: configuration.version, startedAt: .now,
            token: parts.policy.ownToken.text)
        if identity != nil { server.isEncrypted = true }
        server.drainSeconds = Int(configuration.drainDuration.components.seconds)
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
            limits: configuration.connectionLimits, identity: identity, connections: connections,
            exchange: RequestExchange(
                responder: responder, remembered: parts.remembered, control: control,
                observer: RequestObserver(metrics: parts.metrics), logger: logger))
    }

    /// Idle connections go at once, running answers have their time, and then everything ends.
    private func drain() async {
        connections.drain()
        if await connections.waitUntilEmpty(atMost: configuration.drainDuration, or: control.endAsked) { return }
        // Before their clients are told: one that goes away pauses its download, and this one is to go on.
        await parts.manager.shutdownDownloads()
        parts.active.stop()
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

    // MARK: Reloading

    /// Takes from a configuration what may change while the server runs; throws before it has changed anything.
    private func reload(_ new: RoostServerConfiguration, _ report: ReloadReport) throws {
        guard report.failure == nil else { return record(report) }
        var next = configuration
        next.allowedHosts = new.allowedHosts
        next.allowedOrigins = new.allowedOrigins
        next.maximumBodyByteCount = new.maximumBodyByteCount
        next.maximumConnectionCount = new.maximumConnectionCount
        next.drainDuration = new.drainDuration
        next.requestDuration = new.requestDuration
        try next.checkAccess()
        if let identity, let files = new.tls {
            try identity.reload(files)
            next.tls = files
        }
        let configuration = next
        let parts = parts.configured(by: configuration)
        responder.replace(ServerRouter.make(parts))
        parts.remembered.settingsChanged(parts.policy)
        connections.limit = configuration.maximumConnectionCount
        state.withLock { $0.configuration = configuration }
        record(report)
    }

    /// Tells those who look for the server what became of it.
    private func record(_ report: ReloadReport) {
        let server: RunningServer? = state.withLock { state in
            state.server?.lastReload = report
            state.server?.drainSeconds = Int(state.configuration.drainDuration.components.seconds)
            return state.server
        }
        guard let server else { return }
        do {
            try claim?.write(server)
        } catch {
            logger.error("\(error)")
        }
    }
}
