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

/// One process of a worker, from its start to its end, as its parent sees it. A thread of its own listens to it, watches
/// that it lives, keeps its log and takes its exit status.
final class WorkerLink: Sendable {
    /// What is started.
    struct Setup: Sendable {
        var program: WorkerProgram
        var name: String
        var files: WorkerFiles
        var options: LoadOptions
        var identity: String
        /// Whether the model is measured instead of served.
        var isMeasured = false
    }

    /// Why this side ended it.
    private enum Reason {
        case unloaded, cancelled
        case silent(seconds: Int)
        case untrue(String)
        case failed(any Error)
    }

    private struct State {
        var channel: FrameChannel?
        var processIdentifier: Int32?
        var reason: Reason?
        var activity = ModelActivity()
        var prefixes: PrefixLease?
        var unloadDeadline: SuspendingClock.Instant?
        var loadWaiter: CheckedContinuation<WorkerLoaded, any Error>?
        var outcome: (any Error)?
        var onEnd: (@Sendable (any Error) -> Void)?
    }

    /// How long a worker may take from its start to its first heartbeat: it starts the engine meanwhile.
    private static let startLimit = Duration.seconds(60)

    let setup: Setup
    let startedAt = SuspendingClock.now
    let pending = PendingAnswers()
    private let progress: (@Sendable (Double) -> Void)?
    private let state = Mutex(State())

    init(_ setup: Setup, progress: (@Sendable (Double) -> Void)? = nil) {
        self.setup = setup
        self.progress = progress
    }

    /// What it said last of what it does.
    var activity: ModelActivity { state.withLock { $0.activity } }
    /// Its process, while there is one.
    var processIdentifier: Int32? { state.withLock { $0.processIdentifier } }

    // MARK: For the model

    /// Starts the process and waits until it has the model.
    ///
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled, the process is ended then.
    func load() async throws -> WorkerLoaded {
        try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.loadWaiter = continuation }
                let thread = Thread { [self] in run() }
                thread.name = "roost-worker"
                thread.start()
            }
        } onCancel: {
            stop(.cancelled)
        }
    }

    /// `body` is called once, with the reason, when the process is gone; at once when it is.
    func onEnd(_ body: @escaping @Sendable (any Error) -> Void) {
        let outcome = state.withLock { state in
            if state.outcome == nil { state.onEnd = body }
            return state.outcome
        }
        if let outcome { body(outcome) }
    }

    /// Sends a request; false when it cannot be taken now.
    func send(_ kind: WorkerFrame.Kind, _ request: UInt64, _ payload: [UInt8] = []) -> Bool {
        state.withLock { $0.channel }?.send(WorkerFrame(kind, request: request, payload: payload)) ?? false
    }

    /// Lets the model go; the process ends by itself, or is ended after a while.
    func unload() {
        pending.failAll(InferenceError.unloaded)
        let channel = state.withLock { state in
            state.reason = state.reason ?? .unloaded
            state.unloadDeadline = .now + setup.program.unloadLimit
            return state.channel
        }
        if channel?.send(WorkerFrame(.unload)) != true { stop(.unloaded) }
    }

    /// It said what cannot be: it is ended.
    func distrust(_ what: String) { stop(.untrue(what)) }

    /// Ends the process now.
    func kill() { stop(.unloaded) }

    private func stop(_ reason: Reason) {
        state.withLock { state in
            state.reason = state.reason ?? reason
            // Under the lock: the number is not another process's before it was waited for.
            if let pid = state.processIdentifier { signal(pid) }
        }
    }

    private func signal(_ pid: Int32) {
        #if canImport(Darwin)
            Darwin.kill(pid, SIGKILL)
        #elseif canImport(Glibc)
            Glibc.kill(pid, SIGKILL)
        #else
            Musl.kill(pid, SIGKILL)
        #endif
    }

    // MARK: The thread

    private func run() {
        let folder = setup.program.logFolder
        let log = WorkerLog(file: folder.map { WorkerLogFile(folder: $0, model: setup.name).url }) {
            [files = setup.files] in
            files.restoringPaths(in: $0)
        }
        var logPipe: Int32 = -1
        do {
            let channel = try start(&logPipe)
            log.note("Worker \(processIdentifier ?? 0) of \(setup.name) started.")
            try serve(channel, log, logPipe)
        } catch {
            stop(.failed(error))
        }
        let status = reap()
        if logPipe >= 0 {
            _ = log.take(from: logPipe)
            close(logPipe)
        }
        keepPrefixes()
        let error = outcome(status, log)
        log.note("Worker of \(setup.name) ended: \(error)")
        finish(error)
    }

    /// Starts the process and hands the model over.
    private func start(_ logPipe: inout Int32) throws -> FrameChannel {
        let socket = try WorkerSpawner.connect(&logPipe) { try spawn(worker: $0, log: $1) }
        do {
            try shakeHands(socket)
            let channel = try FrameChannel(socket)
            state.withLock { $0.channel = channel }
            return channel
        } catch {
            close(socket)
            throw error
        }
    }

    private func spawn(worker socket: Int32, log: Int32) throws {
        let pid = try WorkerSpawner.shared.spawn(setup.program, socket: socket, log: log)
        let isStopped = state.withLock { state in
            state.processIdentifier = pid
            return state.reason != nil
        }
        if isStopped { throw CancellationError() }
    }

    private func shakeHands(_ socket: Int32) throws {
        let connection = WorkerHandshake(descriptor: socket)
        try connection.greet(setup.program, timeLimit: Self.startLimit)
        let prefixes = setup.program.prefixes?.lease(
            identity: setup.identity, options: setup.options, adapters: setup.files.adapterIdentities)
        state.withLock { $0.prefixes = prefixes }
        let all = setup.files.descriptors.all + (prefixes?.descriptors ?? [])
        let job = WorkerJob(
            name: setup.name, files: setup.files.descriptors.renumbered { Int32($0) }, options: setup.options,
            allowsUnsandboxed: setup.program.allowsUnsandboxed, identity: setup.identity,
            availableByteCount: Engine.availableByteCount,
            prefixes: prefixes.map {
                WorkerJob.Prefixes(key: $0.key, secret: $0.secret.bytes, hasSaved: $0.saved != nil)
            })
        try connection.send(
            WorkerFrame(setup.isMeasured ? .measure : .job, payload: WorkerJSON.encode(job)), descriptors: all)
    }

    private func serve(_ channel: FrameChannel, _ log: WorkerLog, _ logPipe: Int32) throws {
        var watch = WorkerWatch(program: setup.program, startLimit: Self.startLimit)
        let end = channel.run(
            interval: .milliseconds(200), also: (logPipe, { log.take(from: logPipe) }),
            frame: { frame in
                watch.heard(frame.kind)
                try self.handle(frame)
            },
            tick: {
                let (activity, deadline) = self.state.withLock { ($0.activity, $0.unloadDeadline) }
                if let deadline, deadline < .now { self.stop(.unloaded) }
                if let seconds = watch.silence(activity, hasStreams: self.pending.streamCount > 0) {
                    self.stop(.silent(seconds: seconds))
                }
            })
        if case .broken(let what) = end { stop(.untrue(what)) }
    }

    private func handle(_ frame: WorkerFrame) throws {
        switch frame.kind {
        case .progress:
            guard frame.payload.count == 8 else { throw WorkerProtocolError("broken progress") }
            let fraction = Double(bitPattern: frame.payload.littleEndian(UInt64.self, at: 0))
            if fraction >= 0, fraction <= 1 { progress?(fraction) }
        case .loaded:
            var loaded = try WorkerJSON.decode(WorkerLoaded.self, from: frame.payload)
            try AnswerRules.check(loaded)
            loaded.info.path = setup.files.restoringPaths(in: loaded.info.path)
            takeLoadWaiter()?.resume(returning: loaded)
        case .failed:
            let text = setup.files.restoringPaths(in: String(decoding: frame.payload, as: UTF8.self), escaped: true)
            let failure = try WorkerJSON.decode(WorkerFailure.self, from: Array(text.utf8))
            guard frame.request == 0 else { return pending.fail(frame.request, failure.asError) }
            stop(.failed(failure.asError))
        case .delta:
            try pending.event(frame.request, byteCount: frame.payload.count) {
                .delta(try GenerationDelta(workerPayload: frame.payload))
            }
        case .event:
            try pending.event(frame.request, byteCount: frame.payload.count) {
                try WorkerJSON.decode(GenerationEvent.self, from: frame.payload)
            }
        case .end: try pending.end(frame.request)
        case .result: try pending.answer(frame.request, frame.payload)
        case .heartbeat:
            let activity = try WorkerJSON.decode(ModelActivity.self, from: frame.payload)
            try AnswerRules.check(activity)
            state.withLock { $0.activity = activity }
        case .job, .generate, .embed, .rerank, .tokenize, .detokenize, .pieces, .prompt, .cancel, .unload, .hello,
            .estimate, .measure:
            throw WorkerProtocolError("a frame \(frame.kind) from a worker")
        }
    }

    // MARK: The end

    private func takeLoadWaiter() -> CheckedContinuation<WorkerLoaded, any Error>? {
        state.withLock { state in
            defer { state.loadWaiter = nil }
            return state.loadWaiter
        }
    }

    /// Takes the exit status of the process, which has closed its socket or was told to end. `nil` when there was none.
    private func reap() -> Int32? {
        guard let pid = processIdentifier else { return nil }
        return WorkerSpawner.reap(pid) {
            state.withLock {
                $0.processIdentifier = nil
                $0.channel = nil
            }
        }
    }

    /// What the worker wrote when it was told to go takes its place, when it is whole.
    private func keepPrefixes() {
        let lease = state.withLock { state in
            defer { state.prefixes = nil }
            if case .unloaded = state.reason { return state.prefixes }
            return nil
        }
        lease?.commit()
    }

    private func outcome(_ status: Int32?, _ log: WorkerLog) -> any Error {
        switch state.withLock({ $0.reason }) {
        case .unloaded: InferenceError.unloaded
        case .cancelled: CancellationError()
        case .silent(let seconds): InferenceError.workerUnresponsive(model: setup.name, seconds: seconds)
        case .untrue(let what):
            InferenceError.workerCrashed(model: setup.name, cause: "it sent \(what), and was ended")
        case .failed(let error as InferenceError): error
        case .failed(let error as CancellationError): error
        case .failed(is WorkerProtocolError), nil:
            InferenceError.workerCrashed(
                model: setup.name, cause: WorkerEnd(status: status).cause(lastLine: log.lastLine))
        case .failed(let error): InferenceError.workerFailed(reason: error.localizedDescription)
        }
    }

    private func finish(_ error: any Error) {
        let (onEnd, loadWaiter) = state.withLock { state in
            state.outcome = error
            defer { (state.onEnd, state.loadWaiter) = (nil, nil) }
            return (state.onEnd, state.loadWaiter)
        }
        // First, so that who repeats a failed request does not meet this process again.
        onEnd?(error)
        pending.failAll(error)
        loadWaiter?.resume(throwing: error)
    }
}
