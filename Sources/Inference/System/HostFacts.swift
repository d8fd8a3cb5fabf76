import Hardware

/// What the engine asks its machine, or what a process that can no longer look was told.
enum HostFacts {
    /// Threads that compute best.
    static var computeThreadCount: Int { KnownSystem.current?.threadCount ?? MachineDetector().computeThreadCount() }

    /// Bytes that can be taken without swapping; `nil` where the system does not say.
    static var availableByteCount: Int64? {
        if let known = KnownSystem.current { return known.availableByteCount }
        return UsableMemory.current()?.availableByteCount
    }
}
