import Foundation
import Inference
import Synchronization

/// The engines beside this Roost: knows which of them are well and what they have, and sends each request to one of
/// them.
///
/// ```swift
/// let router = EngineRouter([RemoteEngine(name: "cluster", address: try EngineAddress(parsing: "http://10.0.0.5:8000"))])
/// if let model = await router.model(named: "cluster/llama3.3:70b") {
///     for try await event in model.chat([.user("Hello")]) { … }
/// }
/// ```
///
/// Nothing is asked before the first use; from then on each engine is asked for its health until ``close()``.
public final class EngineRouter: Sendable {
    /// How engines are watched. Tests give other values.
    public struct Options: Sendable {
        /// Failures in a row that take an engine down. Default 3.
        public var failureLimit = 3
        /// How long it is left alone then.
        public var backoff = BackoffPolicy()
        /// Chooses among engines and makes waits uneven.
        public var random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
        /// Sent as `User-Agent`.
        public var userAgent = "roost"
        /// How old lists of models may be when a name is not in them: they are asked for again then. Default 2 seconds.
        public var listAge = Duration.seconds(2)

        /// The defaults above.
        public init() {}
    }

    private struct Known: Sendable {
        weak var model: RemoteModel?
    }

    private struct Watch {
        var tasks: [Task<Void, Never>] = []
        var firstRound: Task<Void, Never>?
        var lastRound: ContinuousClock.Instant?
        /// Those that somebody uses, so that their counts are shared.
        var models: [String: Known] = [:]
        var isClosed = false
    }

    /// The engines, in the order in which they were given.
    public let engines: [RemoteEngine]
    let transports: [EngineTransport]
    private let state: Mutex<RoutingState>
    private let watch = Mutex(Watch())
    private let options: Options
    private let onChange: (@Sendable (EngineChange) -> Void)?

    /// - Parameter onChange: told when an engine comes up or goes down.
    public init(
        _ engines: [RemoteEngine], options: Options = Options(), onChange: (@Sendable (EngineChange) -> Void)? = nil
    ) {
        self.engines = engines
        self.options = options
        self.onChange = onChange
        transports = engines.map { EngineTransport($0, userAgent: options.userAgent) }
        state = Mutex(
            RoutingState(
                engines, failureLimit: options.failureLimit, backoff: options.backoff, random: options.random))
    }

    deinit { for task in watch.withLock({ $0.tasks }) { task.cancel() } }

    // MARK: Models

    /// The model that a name means; `nil` when no engine has it. `engine/model` means that engine alone.
    ///
    /// Waits until each engine was asked once, and asks again for a name that none of them had lately.
    public func model(named name: String) async -> RemoteModel? {
        guard !engines.isEmpty else { return nil }
        await ready()
        if let route = state.withLock({ $0.route(name) }) { return model(of: route) }
        await refresh(olderThan: options.listAge)
        return state.withLock { $0.route(name) }.map(model)
    }

    /// The model that an engine which goes before the store has under this name; `nil` when none has.
    public func preferredModel(named name: String) async -> RemoteModel? {
        let isNamed = engines.contains { name.lowercased().hasPrefix($0.name + "/") }
        guard isNamed || engines.contains(where: \.isPreferred) else { return nil }
        await ready()
        return state.withLock { state in state.route(name).flatMap { $0.isPreferred ? $0 : nil } }.map(model)
    }

    /// Every name that engines answer to, once. A name that several of them have is told as that of the first.
    public func offeredModels() async -> [OfferedModel] {
        guard !engines.isEmpty else { return [] }
        await ready()
        return state.withLock { $0.offered() }
    }

    /// All engines as they are now.
    ///
    /// - Parameter asking: asks each of them first.
    public func statuses(asking: Bool = false) async -> [EngineStatus] {
        if asking { await refresh(olderThan: .zero) } else { await ready() }
        return state.withLock { $0.statuses(now: .now) }
    }

    /// Ends all watching and closes all connections.
    public func close() async {
        let tasks = watch.withLock { watch in
            watch.isClosed = true
            defer {
                watch.tasks = []
                watch.models = [:]
            }
            return watch.tasks
        }
        for task in tasks { task.cancel() }
        for transport in transports { await transport.shutdown() }
    }

    private func model(of route: RoutingState.Route) -> RemoteModel {
        let key = route.targets.map { "\($0.index)/\($0.model.name)" }.joined(separator: "|")
        return watch.withLock { watch in
            if let model = watch.models[key]?.model { return model }
            if watch.models.count >= 256 { watch.models = watch.models.filter { $0.value.model != nil } }
            let model = RemoteModel(route: route, router: self)
            watch.models[key] = Known(model: model)
            return model
        }
    }

    // MARK: Requests

    func begin(_ route: RoutingState.Route, excluding excluded: Set<Int>) -> RoutingState.Lease? {
        state.withLock { $0.begin(route, excluding: excluded, now: .now) }
    }

    func end(_ lease: RoutingState.Lease, _ outcome: RoutingState.Outcome) {
        tell(state.withLock { $0.end(lease, outcome, now: .now) })
    }

    /// An engine failed at a request that another one answered.
    func blame(_ index: Int, reason: String) { tell(state.withLock { $0.blame(index, reason: reason, now: .now) }) }

    func reasons(_ route: RoutingState.Route) -> [RemoteEngineError.EngineReason] {
        state.withLock { $0.reasons(route, now: .now) }
    }

    /// What an engine is: as it was set or found out, else what is true of all.
    func kind(_ index: Int) -> EngineKind { state.withLock { $0.entries[index].kind } ?? .openAI }

    // MARK: Health

    /// Returns when each engine was asked once.
    func ready() async {
        let round: Task<Void, Never>? = watch.withLock { watch in
            if watch.isClosed { return nil }
            if let round = watch.firstRound { return round }
            let round = Task { await self.round() }
            watch.firstRound = round
            watch.tasks.append(round)
            for index in engines.indices {
                watch.tasks.append(
                    Task { [weak self] in
                        await round.value
                        while !Task.isCancelled {
                            guard let wait = self?.wait(index) else { return }
                            try? await Task.sleep(for: wait)
                            guard !Task.isCancelled else { return }
                            await self?.check(index)
                        }
                    })
            }
            return round
        }
        await round?.value
    }

    private func wait(_ index: Int) -> Duration { state.withLock { $0.nextCheck(index, now: .now) } }

    /// Asks all engines, unless that was done a moment ago.
    private func refresh(olderThan age: Duration) async {
        await ready()
        let isDue = watch.withLock { watch in
            guard !watch.isClosed, watch.lastRound.map({ .now - $0 >= age }) ?? true else { return false }
            watch.lastRound = .now
            return true
        }
        if isDue { await round() }
    }

    private func round() async {
        watch.withLock { $0.lastRound = .now }
        await withDiscardingTaskGroup { group in
            for index in engines.indices { group.addTask { await self.check(index) } }
        }
    }

    /// Asks one engine.
    private func check(_ index: Int) async {
        let started = ContinuousClock.now
        // What failed may be another program when it comes back.
        let known = state.withLock { $0.entries[index].health.state == .up ? $0.entries[index].kind : nil }
        do {
            let finding = try await EngineProbe(transports[index]).ask(known: known)
            let latency = ContinuousClock.now - started
            tell(
                state.withLock {
                    $0.checked(index, kind: finding.kind, models: finding.models, latency: latency, at: Date())
                })
        } catch {
            guard !Task.isCancelled, !(error is CancellationError) else { return }
            let failure = EngineFailure(error)
            // It is there, and busy.
            if case .busy = failure { return }
            tell(state.withLock { $0.checkFailed(index, reason: failure.reason, now: .now, at: Date()) })
        }
    }

    private func tell(_ change: EngineChange?) {
        if let change { onChange?(change) }
    }
}
