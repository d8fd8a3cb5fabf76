import Hardware
import Inference

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The process that answers one question about memory, from its lock to its end.
enum EstimateService {
    /// Answers the parent; throws when it could not even be told what went wrong.
    static func run(_ greeting: WorkerGreeting) throws -> Never {
        do {
            let job = try WorkerJSON.decode(EstimateJob.self, from: greeting.frame.payload)
            let files = try greeting.files(job.files).files
            // A worker that loads the model is as large at this point.
            let byteCount = ProcessMemory.current().residentByteCount
            _ = try WorkerLock(
                files: files.all, usesGPU: job.options.contains(where: \.usesGraphics),
                allowsUnsandboxed: job.allowsUnsandboxed
            ).close()
            let estimates = try EngineEstimator.estimates(
                of: files, options: job.options, name: job.name, processByteCount: byteCount)
            try greeting.connection.send(WorkerFrame(.result, payload: WorkerJSON.encode(estimates)))
        } catch {
            try greeting.connection.send(WorkerFrame(.failed, payload: WorkerJSON.encode(WorkerFailure(error))))
        }
        // The parent closes the connection when it has the answer. What the engine holds goes with the process.
        var byte: UInt8 = 0
        while read(WorkerProtocol.descriptor, &byte, 1) > 0 {}
        _exit(0)
    }
}
