import NIOCore
import Synchronization

/// The connections of all listeners: how many there may be, and their end.
final class OpenConnections: Sendable {
    private struct Entry {
        let channel: any Channel
        var task: Task<Void, Never>?
    }

    private struct State {
        var limit: Int
        var nextNumber = 0
        var entries: [Int: Entry] = [:]
        var isDraining = false
        var isClosing = false
        var waiters: [OneTimeEvent] = []
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(limit: limit))
    }

    /// Most connections at a time; those that are open stay.
    var limit: Int {
        get { state.withLock { $0.limit } }
        set { state.withLock { $0.limit = newValue } }
    }

    /// How many are open.
    var count: Int { state.withLock { $0.entries.count } }

    /// Takes a connection in; `nil` when there are enough, or when no more are wanted.
    func admit(_ channel: any Channel) -> Int? {
        state.withLock { state in
            guard state.entries.count < state.limit, !state.isDraining else { return nil }
            state.nextNumber += 1
            state.entries[state.nextNumber] = Entry(channel: channel)
            return state.nextNumber
        }
    }

    /// Runs `body` for a connection that was admitted, in a task of its own; it is out when that returns.
    func serve(_ number: Int, _ channel: any Channel, _ body: @escaping @Sendable () async -> Void) {
        let task = Task {
            await body()
            remove(number)
        }
        let (isDraining, isClosing) = state.withLock { state in
            state.entries[number]?.task = task
            return (state.isDraining, state.isClosing)
        }
        if isDraining { drain(channel) }
        if isClosing { channel.close(mode: .all, promise: nil) }
    }

    /// A connection is gone.
    func remove(_ number: Int) {
        let waiters: [OneTimeEvent] = state.withLock { state in
            state.entries[number] = nil
            guard state.entries.isEmpty else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.happen() }
    }

    /// Closes the connections that are idle, and each other one after the answers that it has begun.
    func drain() {
        let channels = state.withLock { state in
            state.isDraining = true
            return state.entries.values.map(\.channel)
        }
        for channel in channels { drain(channel) }
    }

    private func drain(_ channel: any Channel) {
        channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(ConnectionState.Drain()) }
    }

    /// Closes all connections, then cancels whoever serves them.
    func close() {
        let entries = state.withLock { state in
            state.isDraining = true
            state.isClosing = true
            return state.entries.values.map { $0 }
        }
        for entry in entries { entry.channel.close(mode: .all, promise: nil) }
        for entry in entries { entry.task?.cancel() }
    }

    /// Returns when there are none, after `limit`, or when one of the events happens. True when there are none.
    func waitUntilEmpty(atMost limit: Duration, or event: OneTimeEvent = OneTimeEvent()) async -> Bool {
        let empty = OneTimeEvent()
        state.withLock { state in
            if state.entries.isEmpty { empty.happen() } else { state.waiters.append(empty) }
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await empty.wait() }
            group.addTask { await event.wait() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return state.withLock { $0.entries.isEmpty }
    }
}
