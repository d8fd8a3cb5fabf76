import CSandbox
import Foundation
import Inference
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A worker's model and the requests on it, inside the worker.
final class WorkerService: Sendable {
    private let job: WorkerJob
    private let files: ModelDescriptors
    private let prefixes: PrefixPersistence?
    private let channel: FrameChannel
    private let sandbox: WorkerSandbox
    private let executor = WorkerExecutor(threadCount: 2)
    private let model = Mutex<LoadedModel?>(nil)
    private let tasks = Mutex<[UInt64: Task<Void, Never>]>([:])

    init(
        job: WorkerJob, files: ModelDescriptors, prefixes: PrefixPersistence?, channel: FrameChannel,
        sandbox: WorkerSandbox
    ) {
        self.job = job
        self.files = files
        self.prefixes = prefixes
        self.channel = channel
        self.sandbox = sandbox
    }

    /// Loads, then serves, until the parent is gone.
    func run() {
        perform(0) { [self] in try await load() }
        let end = channel.run(
            interval: WorkerProtocol.heartbeat, frame: handle,
            tick: { [self] in
                let activity = model.withLock { $0 }?.activity ?? ModelActivity()
                channel.send(WorkerFrame(.heartbeat, payload: try WorkerJSON.encode(activity)))
            })
        if case .broken(let reason) = end {
            FileHandle.standardError.write(Data("The parent sent what a worker does not understand: \(reason)\n".utf8))
        }
    }

    /// Runs `body` as the task of a request; what it throws is the request's failure.
    private func perform(_ request: UInt64, _ body: @escaping @Sendable () async throws -> Void) {
        tasks.withLock {
            $0[request] = Task(executorPreference: executor) { [self] in
                do {
                    try await body()
                } catch {
                    fail(request, error)
                }
                finished(request)
            }
        }
    }

    private func finished(_ request: UInt64) { tasks.withLock { $0[request] = nil } }

    private func fail(_ request: UInt64, _ error: any Error) {
        guard let payload = try? WorkerJSON.encode(WorkerFailure(error)) else { return }
        channel.send(WorkerFrame(.failed, request: request, payload: payload), waits: true)
    }

    // MARK: Loading

    private func load() async throws {
        let channel = channel
        let loaded = try await LoadedModel.load(
            files, name: job.name, options: job.options, prefixes: prefixes
        ) { fraction in
            var payload: [UInt8] = []
            payload.append(littleEndian: fraction.bitPattern)
            channel.send(WorkerFrame(.progress, payload: payload))
        }
        try closeFiles()
        model.withLock { $0 = loaded }
        let message = WorkerLoaded(info: loaded.info, memory: loaded.memory, sandbox: sandbox)
        channel.send(WorkerFrame(.loaded, payload: try WorkerJSON.encode(message)), waits: true)
    }

    /// The weights are in memory: nothing has to be opened any more, and nothing can be.
    private func closeFiles() throws {
        Engine.endLogOfLoading()
        // What libraries print by themselves may have a part of a request in it (a grammar that does not parse). Standard
        // input is /dev/null.
        for output in [STDOUT_FILENO, STDERR_FILENO] { dup2(STDIN_FILENO, output) }
        for descriptor in files.all { close(descriptor) }
        if case .none = sandbox { return }
        let failure = roost_sandbox_close_files(false)
        guard failure == 0 else {
            throw InferenceError.sandboxUnavailable(reason: WorkerMain.unavailability(failure))
        }
    }

    private func loaded() throws -> LoadedModel {
        guard let model = model.withLock({ $0 }) else { throw InferenceError.unloaded }
        return model
    }

    // MARK: Requests

    private func handle(_ frame: WorkerFrame) throws {
        switch frame.kind {
        case .generate: perform(frame.request) { [self] in try await generate(frame) }
        case .embed:
            answer(frame, EmbeddingRequest.self) { try await $0.embed($1).workerPayload() }
        case .rerank:
            answer(frame, RerankRequest.self) { try WorkerJSON.encode(try await $0.rerank($1)) }
        case .tokenize:
            answer(frame, TokenizeRequest.self) { model, request in
                let tokens = try await (model as any RunningModel).tokenize(
                    request.text, addSpecial: request.addSpecial, parseSpecial: request.parseSpecial)
                return tokens.reduce(into: [UInt8]()) { $0.append(littleEndian: $1) }
            }
        case .detokenize:
            answer(frame, DetokenizeRequest.self) { model, request in
                let text = try await (model as any RunningModel).detokenize(
                    request.tokens, removeSpecial: request.removeSpecial, unparseSpecial: request.unparseSpecial)
                return [UInt8](text.utf8)
            }
        case .pieces:
            answer(frame, [Int32].self) {
                TokenPieces.payload(of: try await ($0 as any RunningModel).pieces(of: $1))
            }
        case .prompt:
            answer(frame, ChatRequest.self) { [UInt8](try await ($0 as any RunningModel).prompt(for: $1).utf8) }
        case .cancel: tasks.withLock { $0[frame.request]?.cancel() }
        case .unload: perform(frame.request) { [self] in await unload() }
        case .job, .estimate, .measure, .hello, .progress, .loaded, .failed, .delta, .event, .end, .result, .heartbeat:
            throw WorkerProtocolError("a frame \(frame.kind) for the worker")
        }
    }

    private func answer<Request: Decodable & Sendable>(
        _ frame: WorkerFrame, _ type: Request.Type,
        _ body: @escaping @Sendable (LoadedModel, Request) async throws -> [UInt8]
    ) {
        perform(frame.request) { [self] in
            let request = try WorkerJSON.decode(type, from: frame.payload)
            let payload = try await body(try loaded(), request)
            guard payload.count <= WorkerFrame.payloadLimit else {
                throw InferenceError.workerFailed(
                    reason: "the answer is larger than \(WorkerFrame.payloadLimit >> 20) MiB; ask for less at once")
            }
            channel.send(WorkerFrame(.result, request: frame.request, payload: payload), waits: true)
        }
    }

    private func generate(_ frame: WorkerFrame) async throws {
        let request = try GenerationRequest(workerPayload: frame.payload)
        for try await event in try loaded().generate(request) {
            let answer =
                switch event {
                case .delta(let delta):
                    WorkerFrame(.delta, request: frame.request, payload: try delta.workerPayload())
                default: WorkerFrame(.event, request: frame.request, payload: try WorkerJSON.encode(event))
                }
            channel.send(answer, waits: true)
        }
        channel.send(WorkerFrame(.end, request: frame.request), waits: true)
    }

    private func unload() async {
        let loaded = model.withLock { model in
            defer { model = nil }
            return model
        }
        await loaded?.unload()
        channel.close()
    }
}
