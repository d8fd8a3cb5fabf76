/// Tells when the machine runs out of memory.
public protocol MemoryPressure: Sendable {
    /// One element each time something should be given back. Ends when the task that reads it is cancelled. Signals
    /// that come faster than they are read become one.
    func signals() -> AsyncStream<Void>
}

/// The best way that this system has to tell.
public enum SystemMemoryPressure {
    /// Linux: the pressure stall information of this process's control group, else of the machine; where the kernel
    /// has none, the memory that is left, looked at every two seconds. macOS: the system's own notifications.
    public static func standard() -> any MemoryPressure {
        #if os(Linux)
            if let file = PressureStallFile.find() { return file }
            return MemoryShortage()
        #elseif canImport(Darwin)
            return DarwinMemoryPressure()
        #else
            return MemoryShortage()
        #endif
    }
}
