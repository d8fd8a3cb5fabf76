#if canImport(Darwin)
    import Dispatch

    /// What macOS itself says of its memory.
    struct DarwinMemoryPressure: MemoryPressure {
        func signals() -> AsyncStream<Void> {
            AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
                let source = DispatchSource.makeMemoryPressureSource(eventMask: [.warning, .critical])
                source.setEventHandler { continuation.yield() }
                continuation.onTermination = { _ in source.cancel() }
                source.activate()
            }
        }
    }
#endif
