import CSandbox
import Dispatch
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

/// Starts processes from one thread that never ends: on Linux a worker dies with the thread that started it, so that
/// it cannot outlive this process, and must not die before.
final class WorkerSpawner: Sendable {
    /// The thread belongs to the process, so there is one.
    static let shared = WorkerSpawner()

    /// A process to start.
    struct Request: Sendable {
        var executable: URL
        var arguments: [String]
        /// The i-th becomes descriptor i.
        var descriptors: [Int32]
        var addressSpaceByteLimit: UInt64 = 0
        var user: UInt32?
    }

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let available = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                available.wait()
                let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                job?()
            }
        }
        thread.name = "roost-spawn"
        thread.start()
    }

    /// Starts a process behind a socket, with a pipe for its log.
    ///
    /// - Parameters:
    ///   - logPipe: this process's end of the pipe, set before the process starts; whoever calls closes it.
    ///   - spawn: starts the process with its ends of the socket and of the pipe.
    /// - Returns: this process's end of the socket.
    /// - Throws: `POSIXError`; what `spawn` throws.
    static func connect(
        _ logPipe: inout Int32, spawn: (_ socket: Int32, _ log: Int32) throws -> Void
    ) throws -> Int32 {
        var (sockets, pipe): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard roost_socket_pair(&sockets) == 0 else { throw POSIXError(.EMFILE) }
        do {
            // The process's ends are closed here once it has them, or its death would not be seen.
            defer { close(sockets[1]) }
            guard roost_pipe(&pipe) == 0 else { throw POSIXError(.EMFILE) }
            defer { close(pipe[1]) }
            logPipe = pipe[0]
            // The process never waits for the log's reader: what is not taken is lost.
            for end in pipe { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
            try spawn(sockets[1], pipe[1])
        } catch {
            close(sockets[0])
            throw error
        }
        return sockets[0]
    }

    /// Starts a worker with its ends of the socket and of the log's pipe; blocks until it runs its program. Not for the
    /// cooperative pool.
    ///
    /// - Returns: its process id.
    /// - Throws: `InferenceError.workerFailed`; what opening /dev/null throws.
    func spawn(_ program: WorkerProgram, socket: Int32, log: Int32) throws -> Int32 {
        let nothing = try FileHandle(forUpdating: URL(fileURLWithPath: "/dev/null"))
        var request = Request(
            executable: program.executable, arguments: program.arguments,
            descriptors: [nothing.fileDescriptor, log, log, socket])
        request.addressSpaceByteLimit = program.addressSpaceByteLimit ?? 0
        request.user = program.user
        do {
            return try spawn(request)
        } catch {
            throw InferenceError.workerFailed(
                reason: "\(program.executable.path) could not be started: \(error.localizedDescription)")
        }
    }

    /// Takes the exit status of a process that ends by itself or was told to; after a while it is ended. Blocks.
    ///
    /// - Parameter taken: called as soon as its number may be another process's.
    /// - Returns: `nil` when there is no such child.
    static func reap(_ pid: Int32, taken: () -> Void) -> Int32? {
        var status: Int32 = 0
        let patience = SuspendingClock.now + .seconds(2)
        while true {
            let result = waitpid(pid, &status, WNOHANG)
            if result == pid || (result < 0 && errno != EINTR) {
                taken()
                return result == pid ? status : nil
            }
            // Its socket is closed, and still it lives.
            if patience < .now { kill(pid, SIGKILL) }
            usleep(500)
        }
    }

    /// Starts a process; blocks until it runs its program. Not for the cooperative pool.
    ///
    /// - Returns: its process id.
    /// - Throws: `POSIXError`.
    func spawn(_ request: Request) throws -> Int32 {
        let outcome = Outcome()
        jobs.withLock {
            $0.append {
                outcome.result.withLock { $0 = Self.spawnHere(request) }
                outcome.isThere.signal()
            }
        }
        available.signal()
        outcome.isThere.wait()
        let result = outcome.result.withLock { $0 }
        guard result > 0 else { throw POSIXError(POSIXErrorCode(rawValue: -result) ?? .EIO) }
        return result
    }

    private final class Outcome: Sendable {
        let result = Mutex<Int32>(0)
        let isThere = DispatchSemaphore(value: 0)
    }

    private static func spawnHere(_ request: Request) -> Int32 {
        let arguments = [request.executable.path] + request.arguments
        let copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = DeviceEnvironment.entries().map { strdup($0) } + [nil]
        defer { for copy in copies + variables { free(copy) } }
        return request.descriptors.withUnsafeBufferPointer { descriptors in
            copies.withUnsafeBufferPointer { arguments in
                variables.withUnsafeBufferPointer { environment in
                    request.executable.path.withCString { path in
                        var spawn = roost_spawn_request()
                        spawn.path = path
                        spawn.arguments = arguments.baseAddress
                        spawn.environment = environment.baseAddress
                        spawn.descriptors = descriptors.baseAddress
                        spawn.descriptor_count = descriptors.count
                        spawn.address_space_limit = request.addressSpaceByteLimit
                        spawn.descriptor_limit = 1024
                        spawn.user = request.user ?? 0
                        spawn.drops_user = request.user != nil
                        return roost_spawn(&spawn)
                    }
                }
            }
        }
    }
}
