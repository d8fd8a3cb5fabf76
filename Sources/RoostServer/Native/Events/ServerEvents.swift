import Foundation
import Roost
import Synchronization

/// Tells clients what happens. However many follow a topic, it is looked at once; nobody looks at what nobody follows.
final class ServerEvents: Sendable {
    typealias Listener = @Sendable (ServerEvent) -> Void

    private struct State {
        var listeners: [Int: (topics: Set<EventTopic>, call: Listener)] = [:]
        var nextNumber = 0
        var watches: [EventTopic: Task<Void, Never>] = [:]
        var downloads: [String: DownloadSummary] = [:]
        var loaded: [LoadedReport]?
        var warnings: [HealthWarning] = []
    }

    private static let downloadInterval = Duration.milliseconds(500)
    private static let loadedInterval = Duration.seconds(1)

    private let manager: ModelManager
    private let board: DownloadBoard
    private let rates: TokenRates
    private let state = Mutex(State())

    init(manager: ModelManager, board: DownloadBoard, rates: TokenRates) {
        self.manager = manager
        self.board = board
        self.rates = rates
    }

    deinit { state.withLock { $0.watches.values.forEach { $0.cancel() } } }

    /// Calls `listener` for what happens from now on, and before that for what is. Returns the number to `forget` it by.
    ///
    /// The listener is called on any thread and must not block.
    func listen(to topics: Set<EventTopic>, _ listener: @escaping Listener) -> Int {
        let (number, first) = state.withLock { state in
            state.nextNumber += 1
            state.listeners[state.nextNumber] = ([], listener)
            return (state.nextNumber, change(state.nextNumber, to: topics, &state))
        }
        for event in first { listener(event) }
        return number
    }

    /// Changes what a listener follows; of what it followed before it misses nothing. Returns what is, of the topics that
    /// are new to it: the listener is not called for that.
    func change(_ number: Int, to topics: Set<EventTopic>) -> [ServerEvent] {
        state.withLock { change(number, to: topics, &$0) }
    }

    private func change(_ number: Int, to topics: Set<EventTopic>, _ state: inout State) -> [ServerEvent] {
        guard let fresh = state.listeners[number].map({ topics.subtracting($0.topics) }) else { return [] }
        state.listeners[number]?.topics = topics
        for topic in topics.union(topics.contains(.health) ? [.events] : []) {
            if state.watches[topic] == nil, topic != .health { state.watches[topic] = watch(topic) }
        }
        endWatches(&state)
        var first: [ServerEvent] = []
        if fresh.contains(.downloads) { first += state.downloads.values.map(ServerEvent.download) }
        if fresh.contains(.loaded), let loaded = state.loaded { first.append(.loaded(loaded)) }
        if fresh.contains(.health) { first.append(.health(state.warnings)) }
        return first
    }

    /// A download that somebody follows: its end is told even when it comes before the next look.
    func note(_ download: DownloadSummary) {
        state.withLock { state in
            if state.downloads[download.id] == nil { state.downloads[download.id] = download }
        }
    }

    /// Calls the listener no more.
    func forget(_ number: Int) {
        state.withLock { state in
            state.listeners[number] = nil
            endWatches(&state)
        }
    }

    /// Looks no more at what nobody follows.
    private func endWatches(_ state: inout State) {
        let wanted = state.listeners.values.reduce(into: Set<EventTopic>()) { $0.formUnion($1.topics) }
        for topic in [EventTopic.downloads, .loaded] where !wanted.contains(topic) {
            state.watches.removeValue(forKey: topic)?.cancel()
            if topic == .downloads { state.downloads = [:] } else { state.loaded = nil }
        }
        // Health is followed on: what began while nobody listened must be known to the next one.
    }

    /// A sequence of what happens; it ends when nobody reads it any more.
    func stream(_ topics: Set<EventTopic>, where isWanted: @escaping @Sendable (ServerEvent) -> Bool = { _ in true })
        -> AsyncStream<ServerEvent>
    {
        let (stream, sink) = AsyncStream<ServerEvent>.makeStream(bufferingPolicy: .bufferingNewest(1024))
        let number = listen(to: topics) { event in
            if isWanted(event) { sink.yield(event) }
        }
        sink.onTermination = { [weak self] _ in self?.forget(number) }
        return stream
    }

    private func tell(_ event: ServerEvent) {
        let calls = state.withLock { state in
            state.listeners.values.filter { $0.topics.contains(event.topic) }.map(\.call)
        }
        for call in calls { call(event) }
    }

    // MARK: Looking

    private func watch(_ topic: EventTopic) -> Task<Void, Never> {
        switch topic {
        case .events, .health:
            Task { [weak self, events = manager.events()] in
                for await event in events { self?.take(event) }
            }
        case .downloads:
            Task { [weak self] in
                while !Task.isCancelled {
                    await self?.lookAtDownloads()
                    do { try await Task.sleep(for: Self.downloadInterval) } catch { return }
                }
            }
        case .loaded:
            Task { [weak self] in
                while !Task.isCancelled {
                    await self?.lookAtModels()
                    do { try await Task.sleep(for: Self.loadedInterval) } catch { return }
                }
            }
        }
    }

    private func take(_ event: RoostEvent) {
        tell(.happened(event))
        guard case .health(let change) = event else { return }
        let warnings = state.withLock { state in
            let changed =
                switch change {
                case .began(let warning), .ended(let warning): warning
                }
            state.warnings.removeAll { $0.kind == changed.kind && $0.subject == changed.subject }
            if case .began = change { state.warnings.append(changed) }
            return state.warnings
        }
        tell(.health(warnings))
    }

    private func lookAtDownloads() async {
        // A folder that cannot be read now may be read later.
        guard let current = try? await board.current() else { return }
        let byID = Dictionary(current.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let before = state.withLock { state in
            guard state.watches[.downloads] != nil else { return [String: DownloadSummary]?.none }
            defer { state.downloads = byID }
            return state.downloads
        }
        guard let before else { return }
        for summary in current where before[summary.id] != summary { tell(.download(summary)) }
        for (id, summary) in before where byID[id] == nil {
            tell(.download(await board.end(of: summary)))
        }
    }

    private func lookAtModels() async {
        guard let models = try? await manager.loadedModels() else { return }
        let reports = rates.take(models)
        let isNew = state.withLock { state in
            guard state.watches[.loaded] != nil, state.loaded != reports else { return false }
            state.loaded = reports
            return true
        }
        if isNew { tell(.loaded(reports)) }
    }
}
