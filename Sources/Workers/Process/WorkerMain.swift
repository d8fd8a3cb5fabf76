import CSandbox
import Foundation
import Inference

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The program of a worker: one model, behind one socket.
public enum WorkerMain {
    /// Serves the model that the parent hands over on descriptor 3, until the parent says so or is gone. To be called on
    /// the process's first thread while there is no other, for the lock binds those that come after it.
    ///
    /// - Parameter version: what this program is; the parent must be the same.
    public static func run(version: String) -> Never {
        do {
            let start = try Start(version: version)
            start.serve()
        } catch {
            // The parent reads this in the worker's log.
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    /// What happens before anything of the model is looked at.
    private struct Start {
        let job: WorkerJob
        let files: ModelDescriptors
        let prefixes: PrefixPersistence?
        let channel: FrameChannel
        let sandbox: WorkerSandbox

        init(version: String) throws {
            var status = stat()
            guard fstat(WorkerProtocol.descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
                throw InferenceError.workerFailed(
                    reason: "this command is for Roost itself, which hands the model over on descriptor 3")
            }
            let connection = WorkerHandshake(descriptor: WorkerProtocol.descriptor)
            let hello = WorkerHello(
                protocolVersion: WorkerProtocol.version, version: version, engineVersion: Engine.version)
            try connection.send(WorkerFrame(.hello, payload: WorkerJSON.encode(hello)))
            let (frame, descriptors) = try connection.receive()
            guard frame.kind == .job else { throw WorkerProtocolError("no job, but a frame \(frame.kind)") }
            let job = try WorkerJSON.decode(WorkerJob.self, from: frame.payload)
            let fileCount = job.files.all.count
            let expected = fileCount + (job.prefixes?.descriptorCount ?? 0)
            guard expected == descriptors.count else {
                throw WorkerProtocolError("\(descriptors.count) files instead of \(expected)")
            }
            self.job = job
            // Numbers that the parent knows, so that it can tell what a message speaks of.
            let numbers = descriptors.map { descriptor in
                defer { close(descriptor) }
                return fcntl(descriptor, F_DUPFD, WorkerProtocol.firstFile)
            }
            files = job.files.renumbered { numbers[$0] }
            prefixes = job.prefixes.flatMap { prefixes in
                PackSecret(prefixes.secret).map { secret in
                    PrefixPersistence(
                        key: prefixes.key, secret: secret, saved: prefixes.hasSaved ? numbers[fileCount] : nil,
                        draft: numbers.last)
                }
            }
            channel = try FrameChannel(WorkerProtocol.descriptor)
            do {
                sandbox = try Self.lock(job, files)
            } catch {
                try connection.send(WorkerFrame(.failed, payload: WorkerJSON.encode(WorkerFailure(error))))
                throw error
            }
        }

        /// Locks the process, or says why it stays open.
        ///
        /// - Throws: `InferenceError.sandboxUnavailable` when that is not allowed.
        private static func lock(_ job: WorkerJob, _ files: ModelDescriptors) throws -> WorkerSandbox {
            // The log's own: standard error is closed to libraries before the first prompt is seen.
            let log = fcntl(STDERR_FILENO, F_DUPFD, WorkerProtocol.firstFile)
            let hasGPU = Engine.prepareForWorker(
                log: log, availableByteCount: job.availableByteCount)
            let usesGPU = hasGPU && job.options.usesGraphics
            roost_sandbox_prepare()
            let version = Int(roost_sandbox_version())
            let readable = files.all
            let failure = readable.withUnsafeBufferPointer { readable in
                var sandbox = roost_sandbox()
                sandbox.readable = readable.baseAddress
                sandbox.readable_count = readable.count
                sandbox.locks_memory = job.options.memoryLock
                sandbox.uses_gpu = usesGPU
                return roost_sandbox_enter(&sandbox)
            }
            if failure == 0 {
                return usesGPU ? .gpu(landlockVersion: version) : .full(landlockVersion: version)
            }
            let reason = unavailability(failure)
            guard job.allowsUnsandboxed else { throw InferenceError.sandboxUnavailable(reason: reason) }
            return .none(reason: reason)
        }

        func serve() -> Never {
            let service = WorkerService(
                job: job, files: files, prefixes: prefixes, channel: channel, sandbox: sandbox)
            service.run()
            // Nobody listens any more. What the engine holds goes with the process.
            _exit(0)
        }
    }

    static func unavailability(_ failure: Int32) -> String {
        #if os(Linux)
            switch -failure {
            case ENOSYS, EOPNOTSUPP: "this kernel has no Landlock or no seccomp (Linux 5.13 or later has both)"
            default: "locking it failed: \(String(cString: strerror(-failure)))"
            }
        #else
            "Roost has no sandbox for workers on this platform yet"
        #endif
    }
}
