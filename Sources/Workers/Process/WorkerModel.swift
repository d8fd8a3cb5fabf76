import Foundation
import Hardware
public import Inference
import Synchronization

/// A model in a process of its own, behind a sandbox. When that process dies its requests fail, and it is started
/// again; other models never notice.
public final class WorkerModel: RunningModel {
    /// What was loaded, and how.
    public let info: LoadedModelInfo
    /// Bytes that it takes, as the engine accounts for them.
    public let memory: ModelMemory
    /// What its process is locked in.
    public let sandbox: WorkerSandbox
    private let setup: WorkerLink.Setup
    private let state: Mutex<State>

    private struct State {
        var link: WorkerLink?
        var isStarting = false
        var isUnloaded = false
        /// Ends since it last ran well.
        var failureCount = 0
        var earliestStart = SuspendingClock.now
        var waiters: [CheckedContinuation<WorkerLink, any Error>] = []
        var unloadWaiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ loaded: WorkerLoaded, link: WorkerLink) {
        info = loaded.info
        memory = loaded.memory
        sandbox = loaded.sandbox
        setup = link.setup
        state = Mutex(State(link: link))
        follow(link)
    }

    deinit { state.withLock { $0.link }?.kill() }

    // MARK: Requests

    /// Serves a request. While the process is started again it waits for it.
    public func generate(_ request: GenerationRequest) -> GenerationStream {
        GenerationStream { continuation in
            let ticket = StreamTicket()
            continuation.onTermination = { reason in if case .cancelled = reason { ticket.cancel() } }
            if let link = state.withLock({ $0.link }) {
                ticket.send(request, over: link, continuation)
                return
            }
            Task {
                do {
                    ticket.send(request, over: try await running(), continuation)
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }
    }

    /// Vectors of texts.
    ///
    /// - Throws: `InferenceError`, `CancellationError`.
    public func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        let count = request.inputs.count
        return try await ask(.embed, request) { try EmbeddingResult(workerPayload: $0, inputCount: count) }
    }

    /// Scores of documents.
    ///
    /// - Throws: `InferenceError`, `CancellationError`.
    public func rerank(_ request: RerankRequest) async throws -> RerankResult {
        let count = request.documents.count
        return try await ask(.rerank, request) { payload in
            let result = try WorkerJSON.decode(RerankResult.self, from: payload)
            guard result.scores.count == count, result.tokenCounts.count == count else {
                throw WorkerProtocolError("scores of other documents")
            }
            return result
        }
    }

    /// Token ids of `text`.
    ///
    /// - Throws: `InferenceError`, `CancellationError`.
    public func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) async throws -> [Int32] {
        let request = TokenizeRequest(text: text, addSpecial: addSpecial, parseSpecial: parseSpecial)
        return try await ask(.tokenize, request) { payload in
            guard payload.count % 4 == 0 else { throw WorkerProtocolError("broken tokens") }
            return (0..<payload.count / 4).map { payload.littleEndian(Int32.self, at: 4 * $0) }
        }
    }

    /// The text of `tokens`.
    ///
    /// - Throws: `InferenceError`, `CancellationError`.
    public func detokenize(_ tokens: [Int32], removeSpecial: Bool, unparseSpecial: Bool) async throws -> String {
        let request = DetokenizeRequest(
            tokens: tokens, removeSpecial: removeSpecial, unparseSpecial: unparseSpecial)
        return try await ask(.detokenize, request) { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of each token.
    ///
    /// - Throws: `InferenceError`, `CancellationError`.
    public func pieces(of tokens: [Int32]) async throws -> [[UInt8]] {
        try await ask(.pieces, tokens) { try TokenPieces.read($0, count: tokens.count) }
    }

    /// The conversation as the model's template writes it.
    ///
    /// - Throws: `InferenceError`, `CancellationError`.
    public func prompt(for chat: ChatRequest) async throws -> String {
        try await ask(.prompt, chat) { String(decoding: $0, as: UTF8.self) }
    }

    /// What the worker said half a second ago at most; the process is this moment's.
    public var activity: ModelActivity {
        guard let link = state.withLock({ $0.link }) else { return ModelActivity() }
        var activity = link.activity
        activity.activeRequestCount = max(0, link.pending.streamCount - activity.queuedRequestCount)
        activity.processIdentifier = link.processIdentifier
        activity.residentByteCount = activity.processIdentifier.flatMap {
            ProcessMemory.of(process: $0)?.residentByteCount
        }
        return activity
    }

    private func ask<Request: Encodable & Sendable, Answer>(
        _ kind: WorkerFrame.Kind, _ request: Request, _ read: ([UInt8]) throws -> Answer
    ) async throws -> Answer {
        let link = try await running()
        let payload = try WorkerJSON.encode(request)
        let sent = Mutex<UInt64?>(nil)
        let answer = try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                guard let number = link.pending.add(continuation) else { return }
                sent.withLock { $0 = number }
                link.submit(kind, number, payload)
                // Cancelled before the number was known.
                if Task.isCancelled { link.cancel(number) }
            }
        } onCancel: {
            if let number = sent.withLock({ $0 }) { link.cancel(number) }
        }
        do {
            return try read(answer)
        } catch let error as WorkerProtocolError {
            link.distrust(error.description)
            throw InferenceError.workerCrashed(model: info.name, cause: "it sent \(error), and was ended")
        }
    }

    // MARK: Life

    /// Ends running streams with `InferenceError.unloaded`. When it returns the process is gone.
    public func unload() async {
        await withCheckedContinuation { continuation in
            let (link, isDone, waiters) = state.withLock { state in
                state.isUnloaded = true
                let isDone = state.link == nil && !state.isStarting
                if !isDone { state.unloadWaiters.append(continuation) }
                defer { state.waiters = [] }
                return (state.link, isDone, state.waiters)
            }
            for waiter in waiters { waiter.resume(throwing: InferenceError.unloaded) }
            if isDone { continuation.resume() } else { link?.unload() }
        }
    }

    /// The process as it runs; waits for it while it is started again.
    private func running() async throws -> WorkerLink {
        try await withCheckedThrowingContinuation { continuation in
            let (result, starts) = state.withLock { state -> (Result<WorkerLink, any Error>?, Bool) in
                if state.isUnloaded { return (.failure(InferenceError.unloaded), false) }
                if let link = state.link { return (.success(link), false) }
                state.waiters.append(continuation)
                defer { state.isStarting = true }
                return (nil, !state.isStarting)
            }
            if let result { continuation.resume(with: result) }
            if starts { start() }
        }
    }

    private func follow(_ link: WorkerLink) {
        link.onEnd { [weak self] _ in self?.ended(link) }
    }

    private func ended(_ link: WorkerLink) {
        let (starts, unloadWaiters) = state.withLock { state in
            if state.link === link { state.link = nil }
            countFailure(&state, of: link)
            let starts = !state.isUnloaded && !state.isStarting
            if starts { state.isStarting = true }
            defer { if !state.isStarting { state.unloadWaiters = [] } }
            return (starts, state.isStarting ? [] : state.unloadWaiters)
        }
        for waiter in unloadWaiters { waiter.resume() }
        if starts { start() }
    }

    /// At once the first time, then after longer and longer pauses, until it has run well for a minute.
    private func countFailure(_ state: inout State, of link: WorkerLink) {
        if SuspendingClock.now - link.startedAt > .seconds(60) { state.failureCount = 0 }
        state.failureCount += 1
        let pause = state.failureCount < 2 ? 0 : min(30, 0.25 * Double(1 << min(state.failureCount - 2, 10)))
        state.earliestStart = .now + .seconds(pause)
    }

    private func start() {
        let earliest = state.withLock { $0.earliestStart }
        let setup = setup
        Task { [weak self] in
            try? await Task.sleep(until: earliest, clock: .suspending)
            // Nobody has the model any more.
            if self == nil { return }
            let link = WorkerLink(setup)
            let result: Result<WorkerLink, any Error>
            do {
                _ = try await link.load()
                result = .success(link)
            } catch {
                result = .failure(error)
            }
            guard let self else { return link.kill() }
            started(link, result)
        }
    }

    private func started(_ link: WorkerLink, _ result: Result<WorkerLink, any Error>) {
        let (waiters, unloadWaiters, isUnloaded) = state.withLock { state in
            state.isStarting = false
            var unloadWaiters: [CheckedContinuation<Void, Never>] = []
            switch result {
            case .success: state.link = link
            case .failure:
                countFailure(&state, of: link)
                swap(&unloadWaiters, &state.unloadWaiters)
            }
            defer { state.waiters = [] }
            return (state.waiters, unloadWaiters, state.isUnloaded)
        }
        for waiter in waiters { waiter.resume(with: result) }
        for waiter in unloadWaiters { waiter.resume() }
        guard case .success = result else { return }
        follow(link)
        if isUnloaded { link.unload() }
    }
}
