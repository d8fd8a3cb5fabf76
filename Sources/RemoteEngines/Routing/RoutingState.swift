import Foundation

/// All engines with their health, models and load, apart from any I/O: which of them a request goes to, and what its end
/// means for the next one.
struct RoutingState: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// An engine as it is now.
    struct Entry: Sendable {
        let engine: RemoteEngine
        var kind: EngineKind?
        var health: EngineHealth
        /// What it listed last; `nil` before the first time.
        var listed: [RemoteModelFacts]? {
            didSet { readOffers() }
        }
        /// What clients may ask it for, with what it is then asked for.
        private(set) var offered: [OfferedModel] = []
        private var placesByKey: [String: [Int]] = [:]
        var outstandingCount = 0
        var answeredCount = 0
        var failedCount = 0
        /// It asked not to be asked until then (429): others go first.
        var isBusyUntil: Instant?
        var problem: String?
        var latency: Duration?
        var checkedAt: Date?

        init(_ engine: RemoteEngine, health: EngineHealth) {
            self.engine = engine
            self.health = health
            kind = engine.kind
            problem = engine.keyProblem
            readOffers()
        }

        /// The model of this name; an equal spelling goes before one that differs in letter case or `:latest`.
        func offered(named name: String) -> OfferedModel? {
            guard let places = placesByKey[ModelMapping.key(name)] else { return nil }
            return (places.first { offered[$0].name == name } ?? places.first).map { offered[$0] }
        }

        private mutating func readOffers() {
            offered = []
            placesByKey = [:]
            func add(_ name: String, _ facts: RemoteModelFacts) {
                placesByKey[ModelMapping.key(name), default: []].append(offered.count)
                offered.append(
                    OfferedModel(
                        name: name, engine: engine.name, origin: engine.address.origin, facts: facts,
                        isPreferred: engine.isPreferred))
            }
            for facts in listed ?? [] {
                for name in engine.models.publicNames(ofRemote: facts.name) { add(name, facts) }
            }
            // Some engines list nothing, or not everything that they would load.
            for (name, remote) in engine.models.exactNames where placesByKey[ModelMapping.key(name)] == nil {
                add(name, RemoteModelFacts(name: remote))
            }
        }
    }

    /// What a name means: the model at each engine that has it.
    struct Route: Sendable, Hashable {
        struct Target: Sendable, Hashable {
            /// The engine's place in the list.
            var index: Int
            var model: OfferedModel
        }

        /// What the client asked for.
        var name: String
        var targets: [Target]
        /// Whether the name says which engine it is.
        var isExplicit: Bool
        /// Whether it goes before a stored model of the same name.
        var isPreferred: Bool { isExplicit || targets.contains { $0.model.isPreferred } }
    }

    /// A request that an engine works on.
    struct Lease: Sendable, Hashable {
        var index: Int
        var model: OfferedModel
        /// It decides whether the engine is up again.
        var isTrial: Bool
    }

    /// How a request ended.
    enum Outcome: Sendable, Hashable {
        /// The engine answered, were it to refuse the request for what is wrong with that.
        case answered
        /// It is the engine's fault.
        case failed(reason: String)
        /// The engine has too much to do.
        case busy(for: Duration)
        /// It failed, and whose fault that is another engine will show.
        case doubtful(reason: String)
        /// It has shown nothing: the client went away first.
        case abandoned
    }

    private(set) var entries: [Entry]
    private var random: RandomSource

    /// The longest time that an engine may ask to be left alone for.
    static let longestBusyTime = Duration.seconds(60)

    init(
        _ engines: [RemoteEngine], failureLimit: Int = 3, backoff: BackoffPolicy = BackoffPolicy(),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        entries = engines.map { Entry($0, health: EngineHealth(failureLimit: failureLimit, backoff: backoff)) }
        self.random = RandomSource(random)
    }

    // MARK: Names

    /// What a name means; `nil` when no engine has it. `engine/model` means that engine; it is taken also for models
    /// that the engine does not list.
    func route(_ name: String) -> Route? {
        if let slash = name.firstIndex(of: "/"),
            let index = entries.firstIndex(where: { $0.engine.name == name[..<slash].lowercased() })
        {
            let rest = String(name[name.index(after: slash)...])
            let entry = entries[index]
            guard !rest.isEmpty, let remote = entry.engine.models.remoteName(ofPublic: rest) else { return nil }
            let model =
                entry.offered(named: rest)
                ?? OfferedModel(
                    name: rest, engine: entry.engine.name, origin: entry.engine.address.origin,
                    facts: RemoteModelFacts(name: remote), isPreferred: true)
            return Route(name: name, targets: [.init(index: index, model: model)], isExplicit: true)
        }
        let targets = entries.indices.compactMap { index in
            entries[index].offered(named: name).map { Route.Target(index: index, model: $0) }
        }
        return targets.isEmpty ? nil : Route(name: name, targets: targets, isExplicit: false)
    }

    /// Every name that engines answer to, once, by the engines' priority and order.
    func offered() -> [OfferedModel] {
        var keys: Set<String> = []
        return entries.sorted { $0.engine.priority < $1.engine.priority }.flatMap(\.offered)
            .filter { keys.insert(ModelMapping.key($0.name)).inserted }
    }

    // MARK: Requests

    /// The engine that a request goes to; `nil` when none may be asked. It must be ended with ``end(_:_:now:)``.
    ///
    /// - Parameter excluded: engines that failed for this request already, by their place.
    mutating func begin(_ route: Route, excluding excluded: Set<Int> = [], now: Instant) -> Lease? {
        for target in route.targets { entries[target.index].health.update(now: now) }
        let open = route.targets.filter { target in
            let entry = entries[target.index]
            return !excluded.contains(target.index) && entry.engine.keyProblem == nil && entry.health.isOpen
        }
        // One that has too much to do goes behind those of any priority that have not.
        func rank(_ target: Route.Target) -> (Int, Int) {
            let entry = entries[target.index]
            return (entry.isBusyUntil.map { $0 > now } ?? false ? 1 : 0, entry.engine.priority)
        }
        guard let best = open.map(rank).min(by: <) else { return nil }
        let choices = open.filter { rank($0) == best }.map { target in
            EngineBalancer.Choice(
                index: target.index, weight: entries[target.index].engine.weight,
                outstandingCount: entries[target.index].outstandingCount)
        }
        guard let index = EngineBalancer.pick(choices, using: &random),
            let target = open.first(where: { $0.index == index })
        else { return nil }
        let isTrial = entries[index].health.state == .halfOpen
        if isTrial { entries[index].health.beganTrial() }
        entries[index].outstandingCount += 1
        return Lease(index: index, model: target.model, isTrial: isTrial)
    }

    /// A request is over. Returns what changed for the engine, if something did.
    mutating func end(_ lease: Lease, _ outcome: Outcome, now: Instant) -> EngineChange? {
        let wasUp = isUp(lease.index)
        entries[lease.index].outstandingCount -= 1
        switch outcome {
        case .answered:
            entries[lease.index].answeredCount += 1
            entries[lease.index].health.succeeded(.request)
            entries[lease.index].isBusyUntil = nil
            entries[lease.index].problem = nil
        case .failed(let reason):
            entries[lease.index].failedCount += 1
            entries[lease.index].problem = reason
            entries[lease.index].health.failed(.request, now: now, using: &random)
        case .busy(let time):
            entries[lease.index].failedCount += 1
            entries[lease.index].isBusyUntil = now + min(max(time, .zero), Self.longestBusyTime)
            if lease.isTrial { entries[lease.index].health.abandonedTrial() }
        case .doubtful(let reason):
            entries[lease.index].failedCount += 1
            entries[lease.index].problem = reason
            if lease.isTrial { entries[lease.index].health.abandonedTrial() }
        case .abandoned:
            if lease.isTrial { entries[lease.index].health.abandonedTrial() }
        }
        return change(lease.index, from: wasUp)
    }

    /// An engine failed at a request that another one answered.
    mutating func blame(_ index: Int, reason: String, now: Instant) -> EngineChange? {
        let wasUp = isUp(index)
        entries[index].problem = reason
        entries[index].health.failed(.request, now: now, using: &random)
        return change(index, from: wasUp)
    }

    // MARK: Health

    /// An engine answered a question about its health.
    mutating func checked(
        _ index: Int, kind: EngineKind, models: [RemoteModelFacts], latency: Duration, at date: Date
    ) -> EngineChange? {
        let wasUp = isUp(index)
        entries[index].kind = kind
        entries[index].listed = models
        entries[index].latency = latency
        entries[index].checkedAt = date
        entries[index].health.succeeded(.check)
        if entries[index].health.state == .up { entries[index].problem = nil }
        return change(index, from: wasUp)
    }

    /// An engine did not answer such a question, or not as it should.
    mutating func checkFailed(_ index: Int, reason: String, now: Instant, at date: Date) -> EngineChange? {
        let wasUp = isUp(index)
        entries[index].checkedAt = date
        entries[index].latency = nil
        entries[index].problem = reason
        entries[index].health.failed(.check, now: now, using: &random)
        return change(index, from: wasUp)
    }

    /// How long until an engine is to be asked for its health again.
    func nextCheck(_ index: Int, now: Instant) -> Duration {
        let entry = entries[index]
        switch entry.health.state {
        // One whose time is over, and that only a request can show to be well, is asked as one that is up.
        case .down(let until):
            return until > now ? max(until - now, .milliseconds(10)) : entry.engine.healthInterval
        case .failing: return min(entry.engine.healthInterval, entry.health.backoff.first)
        case .unknown, .up, .halfOpen: return entry.engine.healthInterval
        }
    }

    /// Why none of a route's engines could be asked.
    func reasons(_ route: Route, now: Instant) -> [RemoteEngineError.EngineReason] {
        route.targets.map { target in
            let entry = entries[target.index]
            let reason = entry.problem ?? "it does not answer"
            guard entry.engine.keyProblem == nil, case .down(let until) = entry.health.state, until > now else {
                return .init(engine: entry.engine.name, reason: reason)
            }
            let seconds = Int(((until - now) / .seconds(1)).rounded(.up))
            return .init(engine: entry.engine.name, reason: "\(reason); it is tried again in \(seconds) s")
        }
    }

    /// All engines, in their order.
    func statuses(now: Instant) -> [EngineStatus] {
        entries.map { entry in
            var health = entry.health
            health.update(now: now)
            let state: EngineStatus.State =
                if entry.engine.keyProblem != nil {
                    .misconfigured
                } else {
                    switch health.state {
                    case .unknown: .unknown
                    case .up: .up
                    case .failing: .failing
                    case .down: .down
                    case .halfOpen: .trial
                    }
                }
            return EngineStatus(
                engine: entry.engine, kind: entry.kind, state: state, problem: entry.problem, models: entry.offered,
                latency: entry.latency, outstandingCount: entry.outstandingCount, answeredCount: entry.answeredCount,
                failedCount: entry.failedCount, checkedAt: entry.checkedAt)
        }
    }

    /// `nil` before it is known.
    private func isUp(_ index: Int) -> Bool? {
        switch entries[index].health.state {
        case .unknown: nil
        case .up, .failing: true
        case .down, .halfOpen: false
        }
    }

    /// An engine that is up when it is asked for the first time is no news.
    private func change(_ index: Int, from before: Bool?) -> EngineChange? {
        guard let now = isUp(index), now != before, before != nil || !now else { return nil }
        let entry = entries[index]
        return EngineChange(engine: entry.engine.name, isUp: now, reason: now ? nil : entry.problem)
    }
}
