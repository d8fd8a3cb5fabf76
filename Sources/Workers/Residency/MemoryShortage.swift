public import Hardware

/// Memory pressure told by how little memory is left, looked at now and then.
public struct MemoryShortage: MemoryPressure {
    /// The part of all memory below which it is short. Default 0.04.
    public var share = 0.04
    /// From one look to the next. Default 2 seconds.
    public var interval = Duration.seconds(2)
    private let machine: @Sendable () -> UsableMemory?

    /// The defaults above.
    public init(machine: @escaping @Sendable () -> UsableMemory? = { UsableMemory.current() }) {
        self.machine = machine
    }

    /// A signal at each look that finds too little.
    public func signals() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task { [share, interval, machine] in
                while !Task.isCancelled {
                    if let memory = machine(),
                        Double(memory.availableByteCount) < Double(memory.totalByteCount) * share
                    {
                        continuation.yield()
                    }
                    guard (try? await Task.sleep(for: interval)) != nil else { return }
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
