import Inference
import Synchronization

/// The requests that a worker has not answered yet.
final class PendingAnswers: Sendable {
    /// A stream that a worker fills.
    private struct Stream {
        let continuation: GenerationStream.Continuation
        let choiceCount: Int
        var byteCount = 0
        var finishedCount = 0
    }

    private enum Entry {
        case stream(Stream)
        case answer(CheckedContinuation<[UInt8], any Error>)
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var lastRequest: UInt64 = 0
        /// What new requests fail with, once the worker has ended.
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    /// Streams that are not finished.
    var streamCount: Int {
        state.withLock { $0.entries.values.reduce(0) { if case .stream = $1 { $0 + 1 } else { $0 } } }
    }

    /// Takes in a stream; its request's number, or `nil` when it has failed already.
    func add(_ continuation: GenerationStream.Continuation, choiceCount: Int) -> UInt64? {
        add(.stream(Stream(continuation: continuation, choiceCount: choiceCount))) {
            continuation.finish(throwing: $0)
        }
    }

    /// As for a stream.
    func add(_ continuation: CheckedContinuation<[UInt8], any Error>) -> UInt64? {
        add(.answer(continuation)) { continuation.resume(throwing: $0) }
    }

    private func add(_ entry: Entry, refuse: (any Error) -> Void) -> UInt64? {
        let (number, failure) = state.withLock { state -> (UInt64?, (any Error)?) in
            if let failure = state.failure { return (nil, failure) }
            state.lastRequest += 1
            state.entries[state.lastRequest] = entry
            return (state.lastRequest, nil)
        }
        if let failure { refuse(failure) }
        return number
    }

    /// Nobody waits for it any more.
    func cancel(_ request: UInt64) {
        if case .answer(let continuation) = remove(request) { continuation.resume(throwing: CancellationError()) }
    }

    /// The worker's word that a request failed. One that is not known was cancelled meanwhile.
    func fail(_ request: UInt64, _ error: any Error) {
        switch remove(request) {
        case .stream(let stream): stream.continuation.finish(throwing: error)
        case .answer(let continuation): continuation.resume(throwing: error)
        case nil: break
        }
    }

    /// All of them failed, and all that come will.
    func failAll(_ error: any Error) {
        let entries = state.withLock { state in
            state.failure = error
            defer { state.entries = [:] }
            return state.entries.values
        }
        for entry in entries {
            switch entry {
            case .stream(let stream): stream.continuation.finish(throwing: error)
            case .answer(let continuation): continuation.resume(throwing: error)
            }
        }
    }

    /// The end of a stream.
    ///
    /// - Throws: `WorkerProtocolError` when a choice was not finished.
    func end(_ request: UInt64) throws {
        switch remove(request) {
        case .stream(let stream):
            // A stream that was stopped from the inside has no result; its reader sees its end.
            stream.continuation.finish()
        case .answer(let continuation):
            continuation.resume(throwing: WorkerProtocolError("no answer"))
            throw WorkerProtocolError("the end of a stream that is none")
        case nil: break
        }
    }

    /// - Throws: `WorkerProtocolError` when the request is a stream.
    func answer(_ request: UInt64, _ payload: [UInt8]) throws {
        switch remove(request) {
        case .answer(let continuation): continuation.resume(returning: payload)
        case .stream(let stream):
            stream.continuation.finish(throwing: InferenceError.unloaded)
            throw WorkerProtocolError("an answer that is no stream")
        case nil: break
        }
    }

    /// An event of a stream, which is looked at first.
    ///
    /// - Throws: `WorkerProtocolError`.
    func event(_ request: UInt64, byteCount: Int, _ event: () throws -> GenerationEvent) throws {
        let entry = state.withLock { $0.entries[request] }
        guard let entry else { return }
        guard case .stream(var stream) = entry else { throw WorkerProtocolError("a stream for an answer") }
        let event = try event()
        try AnswerRules.check(event, choiceCount: stream.choiceCount)
        stream.byteCount += byteCount
        if case .finished = event { stream.finishedCount += 1 }
        guard stream.byteCount <= AnswerRules.textLimit, stream.finishedCount <= stream.choiceCount else {
            throw WorkerProtocolError("more than was asked for")
        }
        state.withLock { if $0.entries[request] != nil { $0.entries[request] = .stream(stream) } }
        stream.continuation.yield(event)
    }

    private func remove(_ request: UInt64) -> Entry? { state.withLock { $0.entries.removeValue(forKey: request) } }
}
