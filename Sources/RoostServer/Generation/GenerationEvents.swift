import Roost
import Synchronization

/// The events of a generation on their way from the engine to a client, who may read more slowly than it computes.
///
/// What waits is bounded: beyond a few events the pieces of one choice become one piece, as a text grows, and a client
/// that leaves more than `byteLimit` unread has its generation ended. For the rest it is as `AsyncThrowingStream`.
struct GenerationEvents: AsyncSequence, Sendable {
    typealias Element = GenerationEvent

    /// Events that wait apart.
    private static let eventLimit = 64
    /// Bytes that may wait.
    static let byteLimit = 4 << 20
    /// What is said when more would wait.
    static let tooSlow = "The client reads its answer too slowly; the generation was ended."

    private let reader: Reader

    /// A sequence, and the way into it.
    static func makeStream() -> (events: GenerationEvents, sink: Sink) {
        let buffer = Buffer()
        return (GenerationEvents(reader: Reader(buffer: buffer)), Sink(buffer: buffer))
    }

    func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    /// Reads the events. There should be one.
    struct Iterator: AsyncIteratorProtocol {
        fileprivate let reader: Reader
        private var taken: ArraySlice<GenerationEvent> = []

        fileprivate init(reader: Reader) { self.reader = reader }

        mutating func next() async throws -> GenerationEvent? {
            if let event = taken.popFirst() { return event }
            guard let batch = try await reader.buffer.take() else { return nil }
            taken = batch[...]
            return taken.popFirst()
        }

        /// All that waits, at least one; `nil` at the end.
        mutating func nextBatch() async throws -> [GenerationEvent]? {
            guard taken.isEmpty else {
                defer { taken = [] }
                return Array(taken)
            }
            return try await reader.buffer.take()
        }
    }

    /// The way in.
    struct Sink: Sendable {
        fileprivate let buffer: Buffer

        /// Adds an event.
        func yield(_ event: GenerationEvent) { buffer.add(event) }

        /// Ends the sequence after what waits; the first end counts.
        func finish(throwing error: (any Error)? = nil) { buffer.finish(error) }

        /// Has `action` called once when the sequence has been ended from either side; at once when it has been already.
        func onEnd(_ action: @escaping @Sendable () -> Void) { buffer.onEnd(action) }
    }

    /// Whoever holds it may read; when nobody does, the generation ends.
    fileprivate final class Reader: Sendable {
        let buffer: Buffer

        init(buffer: Buffer) { self.buffer = buffer }

        deinit { buffer.finish(CancellationError()) }
    }

    fileprivate final class Buffer: Sendable {
        private struct State {
            var waiting: [GenerationEvent] = []
            var byteCount = 0
            var isFinished = false
            var error: (any Error)?
            var reader: CheckedContinuation<[GenerationEvent]?, any Error>?
            var onEnd: (@Sendable () -> Void)?
        }

        private let state = Mutex(State())

        func onEnd(_ action: @escaping @Sendable () -> Void) {
            let isFinished = state.withLock { state in
                if !state.isFinished { state.onEnd = action }
                return state.isFinished
            }
            if isFinished { action() }
        }

        func add(_ event: GenerationEvent) {
            let (reader, isTooMuch) = state.withLock { state in
                if state.isFinished { return (nil as CheckedContinuation<[GenerationEvent]?, any Error>?, false) }
                if let reader = state.reader {
                    state.reader = nil
                    return (reader, false)
                }
                state.byteCount += event.byteCount
                if state.byteCount > byteLimit { return (nil, true) }
                Self.append(event, to: &state.waiting)
                return (nil, false)
            }
            if let reader { reader.resume(returning: [event]) }
            if isTooMuch { finish(APIError.unavailable(GenerationEvents.tooSlow), dropping: true) }
        }

        private static func append(_ event: GenerationEvent, to waiting: inout [GenerationEvent]) {
            if waiting.count >= eventLimit, case .delta(let delta) = event {
                // The order in which choices come does not matter, that of one choice's pieces does.
                for index in waiting.indices.suffix(eventLimit).reversed() {
                    guard case .delta(var earlier) = waiting[index], earlier.choice == delta.choice else { continue }
                    // Without this the text would be copied each time that it grows.
                    waiting[index] = .queued(place: 0)
                    earlier.add(delta)
                    waiting[index] = .delta(earlier)
                    return
                }
            }
            waiting.append(event)
        }

        func finish(_ error: (any Error)?, dropping: Bool = false) {
            let (reader, onEnd) = state.withLock { state in
                if state.isFinished {
                    return (nil as CheckedContinuation<[GenerationEvent]?, any Error>?, nil as (@Sendable () -> Void)?)
                }
                state.isFinished = true
                if dropping { state.waiting = [] }
                defer {
                    state.reader = nil
                    state.onEnd = nil
                }
                if state.reader == nil { state.error = error }
                return (state.reader, state.onEnd)
            }
            if let reader {
                if let error { reader.resume(throwing: error) } else { reader.resume(returning: nil) }
            }
            onEnd?()
        }

        func take() async throws -> [GenerationEvent]? {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let result: Result<[GenerationEvent]?, any Error>? = state.withLock { state in
                        if !state.waiting.isEmpty {
                            defer {
                                state.waiting = []
                                state.byteCount = 0
                            }
                            return .success(state.waiting)
                        }
                        guard state.isFinished else {
                            state.reader = continuation
                            return nil
                        }
                        defer { state.error = nil }
                        return state.error.map { .failure($0) } ?? .success(nil)
                    }
                    if let result { continuation.resume(with: result) }
                }
            } onCancel: {
                finish(nil)
            }
        }
    }
}

extension GenerationDelta {
    /// Takes in what comes after it.
    fileprivate mutating func add(_ next: GenerationDelta) {
        text += next.text
        reasoning += next.reasoning
        logProbabilities += next.logProbabilities
        for call in next.toolCalls {
            if let last = toolCalls.last, last.index == call.index, call.id == nil, call.name == nil {
                toolCalls[toolCalls.count - 1].arguments += call.arguments
            } else {
                toolCalls.append(call)
            }
        }
    }
}

extension GenerationEvent {
    /// About what it takes in memory.
    fileprivate var byteCount: Int {
        guard case .delta(let delta) = self else { return 64 }
        return delta.text.utf8.count + delta.reasoning.utf8.count
            + delta.toolCalls.reduce(0) { $0 + $1.arguments.utf8.count }
            + delta.logProbabilities.reduce(0) { $0 + 64 * ($1.top.count + 1) }
    }
}
