import CSandbox
import Inference

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a worker is about to be locked in.
struct WorkerLock {
    /// What it may open again for reading.
    var files: [Int32]
    /// Whether it may use GPUs, where the engine has any.
    var usesGPU: Bool
    var locksMemory = false
    var availableByteCount: Int64?
    /// Whether it may run where it cannot be locked.
    var allowsUnsandboxed: Bool

    /// Locks the process for good, or says why it stays open. For its first thread, while there is no other.
    ///
    /// - Throws: `InferenceError.sandboxUnavailable` when it may not stay open.
    func close() throws -> WorkerSandbox {
        // The log's own: standard error is closed to libraries before the first prompt is seen.
        let log = fcntl(STDERR_FILENO, F_DUPFD, WorkerProtocol.firstFile)
        if usesGPU { DeviceEnvironment.forgoCaches() } else { DeviceEnvironment.forgoGraphics() }
        let hasGPU = Engine.prepareForWorker(log: log, availableByteCount: availableByteCount)
        let usesGPU = hasGPU && usesGPU
        roost_sandbox_prepare()
        let version = Int(roost_sandbox_version())
        let failure = files.withUnsafeBufferPointer { readable in
            var sandbox = roost_sandbox()
            sandbox.readable = readable.baseAddress
            sandbox.readable_count = readable.count
            sandbox.locks_memory = locksMemory
            sandbox.uses_gpu = usesGPU
            return roost_sandbox_enter(&sandbox)
        }
        if failure == 0 {
            return usesGPU ? .gpu(landlockVersion: version) : .full(landlockVersion: version)
        }
        let reason = WorkerMain.unavailability(failure)
        guard allowsUnsandboxed else { throw InferenceError.sandboxUnavailable(reason: reason) }
        return .none(reason: reason)
    }
}
