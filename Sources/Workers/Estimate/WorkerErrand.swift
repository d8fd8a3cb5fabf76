import Foundation
import Hardware
import Inference
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A worker process that does one thing, says how it went, and ends.
struct WorkerErrand: Sendable {
    var program: WorkerProgram
    /// It is ended after this long.
    var timeLimit: Duration
    /// It is ended when it takes more memory than this, in bytes.
    var memoryByteLimit: Int64

    /// What it is told.
    struct Order {
        var frame: WorkerFrame
        /// Files that go along.
        var descriptors: [Int32]
        /// Keeps the descriptors open.
        var owner: AnyObject?
    }

    /// How it went.
    struct Outcome {
        /// What its result says.
        var answer: [UInt8]
        /// The most bytes of RAM that the process ever had; `nil` where nobody says.
        var peakByteCount: Int64?
    }

    /// It did not answer.
    struct Failure: Error {
        /// In a few words, as a part of a sentence.
        var reason: String
    }

    /// Starts the process, hands it what `order` makes, and waits for its answer.
    ///
    /// - Throws: what the process says went wrong; `Failure` when it crashed or was ended;
    ///   `InferenceError.workerFailed` when it could not be started; `CancellationError`; what `order` throws.
    func run(_ order: @escaping @Sendable () throws -> Order) async throws -> Outcome {
        let process = ErrandProcess(self)
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                let thread = Thread { continuation.resume(with: Result { try process.run(order) }) }
                thread.name = "roost-errand"
                thread.start()
            }
        } onCancel: {
            process.stop(CancellationError())
        }
    }
}

/// The process of an errand, as its parent sees it. `run` blocks.
private final class ErrandProcess: Sendable {
    private struct State {
        var processIdentifier: Int32?
        /// Why this side ended it.
        var reason: (any Error)?
        var answer: Result<WorkerErrand.Outcome, any Error>?
    }

    private let errand: WorkerErrand
    private let deadline: SuspendingClock.Instant
    private let state = Mutex(State())

    init(_ errand: WorkerErrand) {
        self.errand = errand
        deadline = .now + errand.timeLimit
    }

    /// Ends the process; the first reason counts.
    func stop(_ reason: any Error) {
        state.withLock { state in
            state.reason = state.reason ?? reason
            // Under the lock: the number is not another process's before it was waited for.
            if let pid = state.processIdentifier { kill(pid, SIGKILL) }
        }
    }

    func run(_ order: () throws -> WorkerErrand.Order) throws -> WorkerErrand.Outcome {
        let order = try order()
        let log = WorkerLog(file: nil) { $0 }
        var logPipe: Int32 = -1
        var failure: (any Error)?
        do {
            try withExtendedLifetime(order.owner) { try listen(to: try start(order, &logPipe), log, logPipe) }
        } catch {
            failure = error
            stop(deadline < .now ? lateness : error)
        }
        let status = reap()
        if logPipe >= 0 {
            _ = log.take(from: logPipe)
            close(logPipe)
        }
        let (answer, reason) = state.withLock { ($0.answer, $0.reason) }
        if let answer { return try answer.get() }
        let cause = WorkerEnd(status: status).cause(lastLine: log.lastLine)
        switch reason ?? failure {
        case let error as InferenceError: throw error
        case let error as CancellationError: throw error
        case let error as WorkerErrand.Failure: throw error
        case is WorkerProtocolError, nil: throw WorkerErrand.Failure(reason: "its process ended: \(cause)")
        case let error?: throw InferenceError.workerFailed(reason: error.localizedDescription)
        }
    }

    // MARK: The parts of it

    private func start(_ order: WorkerErrand.Order, _ logPipe: inout Int32) throws -> FrameChannel {
        let socket = try WorkerSpawner.connect(&logPipe) { try spawn(socket: $0, log: $1) }
        do {
            try greet(socket, order)
            return try FrameChannel(socket)
        } catch {
            close(socket)
            throw error
        }
    }

    private func spawn(socket: Int32, log: Int32) throws {
        let pid = try WorkerSpawner.shared.spawn(errand.program, socket: socket, log: log)
        let reason = state.withLock { state in
            state.processIdentifier = pid
            return state.reason
        }
        if let reason { throw reason }
    }

    private func greet(_ socket: Int32, _ order: WorkerErrand.Order) throws {
        let connection = WorkerHandshake(descriptor: socket)
        try connection.greet(errand.program, timeLimit: errand.timeLimit)
        try connection.send(order.frame, descriptors: order.descriptors)
    }

    /// Until it has answered, or is gone.
    private func listen(to channel: FrameChannel, _ log: WorkerLog, _ logPipe: Int32) throws {
        let end = channel.run(
            interval: .milliseconds(50), also: (logPipe, { log.take(from: logPipe) }),
            frame: { frame in
                switch frame.kind {
                case .result:
                    self.state.withLock { state in
                        // It waits with its end until this side closes the connection.
                        let peak = state.processIdentifier.flatMap {
                            ProcessMemory.of(process: $0)?.peakResidentByteCount
                        }
                        state.answer = .success(.init(answer: frame.payload, peakByteCount: peak))
                    }
                case .failed:
                    let failure = try WorkerJSON.decode(WorkerFailure.self, from: frame.payload)
                    self.state.withLock { $0.answer = .failure(failure.asError) }
                default: throw WorkerProtocolError("a frame \(frame.kind) from a process that is to answer")
                }
                channel.close()
            }, tick: { self.watch() })
        if case .broken(let what) = end {
            stop(WorkerErrand.Failure(reason: "its process sent \(what), and was ended"))
        }
    }

    private func watch() {
        if deadline < .now { stop(lateness) }
        let pid = state.withLock { $0.processIdentifier }
        if let pid, let memory = ProcessMemory.of(process: pid), memory.residentByteCount > errand.memoryByteLimit {
            stop(
                WorkerErrand.Failure(
                    reason: "its process took more than \(errand.memoryByteLimit >> 20) MiB of memory and was ended"))
        }
    }

    private var lateness: WorkerErrand.Failure {
        let seconds = Int((errand.timeLimit / .seconds(1)).rounded(.up))
        return .init(reason: "its process did not answer within \(seconds) seconds and was ended")
    }

    /// The exit status of the process, which has answered or was told to end; `nil` when there was none.
    private func reap() -> Int32? {
        guard let pid = state.withLock({ $0.processIdentifier }) else { return nil }
        return WorkerSpawner.reap(pid) { state.withLock { $0.processIdentifier = nil } }
    }
}
