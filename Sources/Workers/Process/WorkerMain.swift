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
            let greeting = try WorkerGreeting(version: version)
            switch greeting.frame.kind {
            case .job: try Start(greeting).serve()
            case .measure: try Start(greeting).measure()
            case .estimate: try EstimateService.run(greeting)
            case let kind: throw WorkerProtocolError("no job, but a frame \(kind)")
            }
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

        init(_ greeting: WorkerGreeting) throws {
            let job = try WorkerJSON.decode(WorkerJob.self, from: greeting.frame.payload)
            let (files, extra) = try greeting.files(job.files, extraCount: job.prefixes?.descriptorCount ?? 0)
            self.job = job
            self.files = files
            prefixes = job.prefixes.flatMap { prefixes in
                PackSecret(prefixes.secret).map { secret in
                    PrefixPersistence(
                        key: prefixes.key, secret: secret, saved: prefixes.hasSaved ? extra.first : nil,
                        draft: extra.last)
                }
            }
            channel = try FrameChannel(WorkerProtocol.descriptor)
            do {
                sandbox = try WorkerLock(
                    files: files.all, usesGPU: job.options.usesGraphics, locksMemory: job.options.memoryLock,
                    availableByteCount: job.availableByteCount, allowsUnsandboxed: job.allowsUnsandboxed
                ).close()
            } catch {
                try greeting.connection.send(WorkerFrame(.failed, payload: WorkerJSON.encode(WorkerFailure(error))))
                throw error
            }
        }

        func measure() -> Never {
            MeasureService(job: job, files: files, channel: channel, sandbox: sandbox).run()
            _exit(0)
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
