import Synchronization

/// The generations that run now, so that a shutdown can end each one properly.
final class ActiveGenerations: Sendable {
    private struct State {
        var isClosed = false
        var nextNumber = 0
        var interrupts: [Int: @Sendable (APIError) -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Adds a generation that `interrupt` ends with an error. Returns the number to `remove` it by.
    ///
    /// Throws `APIError.stopping` once all were interrupted.
    func add(_ interrupt: @escaping @Sendable (APIError) -> Void) throws -> Int {
        let number: Int? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.nextNumber += 1
            state.interrupts[state.nextNumber] = interrupt
            return state.nextNumber
        }
        guard let number else { throw APIError.stopping }
        return number
    }

    /// The generation has ended.
    func remove(_ number: Int) {
        state.withLock { _ = $0.interrupts.removeValue(forKey: number) }
    }

    /// How many run.
    var count: Int { state.withLock { $0.interrupts.count } }

    /// Ends all with an error and lets no more begin.
    func stop() {
        let interrupts = state.withLock { state in
            state.isClosed = true
            defer { state.interrupts = [:] }
            return state.interrupts.values.map { $0 }
        }
        for interrupt in interrupts { interrupt(.stopping) }
    }
}
