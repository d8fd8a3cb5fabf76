import CLlama
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Engine {
    /// Starts the engine in a process that will not be able to open files: what is read from files later is read now,
    /// and its log goes to `descriptor`.
    ///
    /// - Parameter availableByteCount: what a model may take; `nil` where nobody knows.
    /// - Returns: whether the engine will compute on a GPU.
    public static func prepareForWorker(log descriptor: Int32, availableByteCount: Int64?) -> Bool {
        start()
        let known = KnownSystem(availableByteCount: availableByteCount, threadCount: HostFacts.computeThreadCount)
        KnownSystem.current = known
        EngineLog.echo(to: descriptor)
        return devices.contains { $0.kind == .gpu || $0.kind == .integratedGPU }
    }

    /// From now on the log has what went wrong, and nothing else.
    public static func endLogOfLoading() { EngineLog.isLoading.store(false, ordering: .relaxed) }

    /// Bytes that a model may take on this machine now; `nil` where the system does not say.
    public static var availableByteCount: Int64? { HostFacts.availableByteCount }
}

/// What a process has to know of its machine before it can no longer look.
struct KnownSystem {
    var availableByteCount: Int64?
    var threadCount: Int

    /// `nil` in a process that can look.
    static var current: KnownSystem? {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
    private static let stored = Mutex<KnownSystem?>(nil)
}

/// The engine's log beside what `LlamaBridge` keeps of it.
private enum EngineLog {
    static let isLoading = Atomic(true)
    private static let descriptor = Atomic<Int32>(-1)
    private static let previous = Mutex<ggml_log_callback?>(nil)

    static func echo(to descriptor: Int32) {
        Self.descriptor.store(descriptor, ordering: .relaxed)
        var callback: ggml_log_callback?
        var data: UnsafeMutableRawPointer?
        llama_log_get(&callback, &data)
        previous.withLock { $0 = callback }
        llama_log_set(
            { level, text, _ in
                EngineLog.previous.withLock { $0 }?(level, text, nil)
                guard let text, level.rawValue > GGML_LOG_LEVEL_DEBUG.rawValue else { return }
                let isComplaint = level == GGML_LOG_LEVEL_WARN || level == GGML_LOG_LEVEL_ERROR
                if isComplaint || EngineLog.isLoading.load(ordering: .relaxed) { EngineLog.write(text) }
            }, nil)
        // The engine's own way reads /proc and starts a debugger, which a worker may not.
        ggml_set_abort_callback { message in
            guard let message else { return }
            for text in ["fatal: ", String(cString: message), "\n"] { EngineLog.write(text) }
        }
    }

    /// Drops what the log's reader does not take at once: the engine never waits for it.
    private static func write(_ text: UnsafePointer<CChar>) {
        let descriptor = descriptor.load(ordering: .relaxed)
        #if canImport(Darwin)
            _ = Darwin.write(descriptor, text, strlen(text))
        #elseif canImport(Glibc)
            _ = Glibc.write(descriptor, text, strlen(text))
        #else
            _ = Musl.write(descriptor, text, strlen(text))
        #endif
    }
}
