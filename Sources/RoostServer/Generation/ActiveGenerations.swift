import Synchronization

/// The generations and other streams that run now, so that a shutdown can end each one properly, and those of a key with
/// that key.
final class ActiveGenerations: Sendable {
    private struct Entry {
        let keyID: String?
        let interrupt: @Sendable (APIError) -> Void
    }

    private struct State {
        var isClosed = false
        var nextNumber = 0
        var entries: [Int: Entry] = [:]
    }

    private let state = Mutex(State())
    /// Gives a value when something begins for a key; for one reader.
    let keyedStarts: AsyncStream<Void>
    private let keyedStartSink: AsyncStream<Void>.Continuation

    init() { (keyedStarts, keyedStartSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Adds a stream of `caller` that `interrupt` ends with an error. Returns the number to `remove` it by.
    ///
    /// Throws `APIError.stopping` once all were interrupted.
    func add(for caller: Caller, _ interrupt: @escaping @Sendable (APIError) -> Void) throws -> Int {
        let number: Int? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.nextNumber += 1
            state.entries[state.nextNumber] = Entry(keyID: caller.keyID, interrupt: interrupt)
            return state.nextNumber
        }
        guard let number else { throw APIError.stopping }
        if caller.keyID != nil { keyedStartSink.yield() }
        return number
    }

    /// The generation has ended.
    func remove(_ number: Int) {
        state.withLock { _ = $0.entries.removeValue(forKey: number) }
    }

    /// How many run.
    var count: Int { state.withLock { $0.entries.count } }

    /// The keys for which something runs.
    var keyIDs: Set<String> { state.withLock { Set($0.entries.values.compactMap(\.keyID)) } }

    /// Ends what runs for a key with an error.
    func interrupt(keyID: String, with error: APIError) {
        let ended = state.withLock { state in
            let ended = state.entries.filter { $0.value.keyID == keyID }
            for number in ended.keys { state.entries[number] = nil }
            return ended.values.map(\.interrupt)
        }
        for interrupt in ended { interrupt(error) }
    }

    /// Ends all with an error and lets no more begin.
    func stop() {
        let interrupts = state.withLock { state in
            state.isClosed = true
            defer { state.entries = [:] }
            return state.entries.values.map(\.interrupt)
        }
        for interrupt in interrupts { interrupt(.stopping) }
    }
}
