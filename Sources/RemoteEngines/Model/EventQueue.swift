import Synchronization

/// Events on their way from one writer to one reader, so few at a time that a slow reader holds up the writer, and with
/// it the engine that sends them.
final class EventQueue<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<Element?, any Error>?
        var writer: CheckedContinuation<Bool, Never>?
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = 64) { self.limit = max(1, limit) }

    /// Adds an element; waits while the queue is full. False when nobody reads any more.
    func send(_ element: Element) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let reader: CheckedContinuation<Element?, any Error>? = state.withLock { state in
                    guard state.end == nil else {
                        continuation.resume(returning: false)
                        return nil
                    }
                    if let reader = state.reader {
                        state.reader = nil
                        continuation.resume(returning: true)
                        return reader
                    }
                    state.waiting.append(element)
                    if state.waiting.count < limit {
                        continuation.resume(returning: true)
                    } else {
                        state.writer = continuation
                    }
                    return nil
                }
                reader?.resume(returning: element)
            }
        } onCancel: {
            release()
        }
    }

    /// The next element; `nil` at the end. Throws what the writer ended with.
    func next() async throws -> Element? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let writer: CheckedContinuation<Bool, Never>? = state.withLock { state in
                    if !state.waiting.isEmpty {
                        continuation.resume(returning: state.waiting.removeFirst())
                        defer { state.writer = nil }
                        return state.writer
                    }
                    switch state.end {
                    case .success: continuation.resume(returning: nil)
                    case .failure(let error):
                        state.end = .success(())
                        continuation.resume(throwing: error)
                    case nil: state.reader = continuation
                    }
                    return nil
                }
                writer?.resume(returning: true)
            }
        } onCancel: {
            finish(dropping: true)
        }
    }

    /// No more elements come: the reader gets those that wait, then the end, or `error`. The first end counts.
    ///
    /// - Parameter dropping: forgets those that wait.
    func finish(throwing error: (any Error)? = nil, dropping: Bool = false) {
        typealias Waiting = (
            reader: CheckedContinuation<Element?, any Error>?, writer: CheckedContinuation<Bool, Never>?
        )
        let (reader, writer): Waiting = state.withLock { state in
            if dropping { state.waiting = [] }
            guard state.end == nil else { return (nil, nil) }
            let waiting = (state.reader, state.writer)
            // A reader that waits gets the error now.
            state.end = state.reader == nil ? error.map { .failure($0) } ?? .success(()) : .success(())
            (state.reader, state.writer) = (nil, nil)
            return waiting
        }
        if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
        writer?.resume(returning: false)
    }

    /// The writer was cancelled: it waits no longer.
    private func release() {
        let writer = state.withLock { state in
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume(returning: false)
    }
}
