import Synchronization

/// Lets so many downloads run at a time; of those that wait the highest priority goes first, then the first come.
final class DownloadSlots: Sendable {
    private struct Ticket: Hashable {
        var priority: Int
        var number: Int
    }

    private struct State {
        var free: Int
        var waiting: [Ticket] = []
        var nextNumber = 0
    }

    private let state: Mutex<State>
    private let changed = ChangeSignal()

    init(count: Int) { state = Mutex(State(free: max(1, count))) }

    /// Slots that nobody holds.
    var freeCount: Int { state.withLock { $0.free } }

    /// Downloads that wait for a slot.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs the work when a slot is free; the slot is given back when it ends.
    func run<Value: Sendable>(priority: Int, _ work: () async throws -> Value) async throws -> Value {
        let ticket = state.withLock { state in
            state.nextNumber += 1
            let ticket = Ticket(priority: priority, number: state.nextNumber)
            state.waiting.append(ticket)
            return ticket
        }
        do {
            while true {
                let version = changed.version
                if take(ticket) { break }
                try await changed.changed(since: version)
            }
        } catch {
            state.withLock { $0.waiting.removeAll { $0 == ticket } }
            changed.notify()
            throw error
        }
        defer {
            state.withLock { $0.free += 1 }
            changed.notify()
        }
        return try await work()
    }

    private func take(_ ticket: Ticket) -> Bool {
        let isTaken = state.withLock { state in
            let first = state.waiting.min { ($1.priority, $0.number) < ($0.priority, $1.number) }
            guard state.free > 0, first == ticket else { return false }
            state.free -= 1
            state.waiting.removeAll { $0 == ticket }
            return true
        }
        // The next in line may have a slot as well.
        if isTaken { changed.notify() }
        return isTaken
    }
}
