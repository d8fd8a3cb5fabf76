/// The memory that this process may use, at one moment: the machine's, or what its control groups leave of it.
public struct UsableMemory: Sendable, Hashable, Codable {
    /// Bytes that can be taken without swapping; pages of mapped files count as such.
    public var availableByteCount: Int64
    /// All bytes that there are.
    public var totalByteCount: Int64

    /// A reading.
    public init(availableByteCount: Int64, totalByteCount: Int64) {
        self.availableByteCount = availableByteCount
        self.totalByteCount = totalByteCount
    }

    /// The memory now; `nil` where the system does not say.
    public static func current() -> UsableMemory? { MachineDetector().usableMemory() }
}

extension MachineDetector {
    /// The memory that this process may use; `nil` where the system does not say. A few files are read, no more.
    public func usableMemory() -> UsableMemory? {
        let (memory, limits): (MachineMemory, ResourceLimits)
        if let control = SystemControl(files) {
            memory = DarwinMachine(control: control, isThisMachine: files.isThisMachine).memory()
            limits = ResourceLimits()
        } else {
            memory = LinuxMemory(files: files).read()
            limits = LinuxControlGroups(files: files).read()
        }
        guard let available = [memory.availableByteCount, limits.memoryRoomByteCount].compactMap({ $0 }).min() else {
            return nil
        }
        let total = [memory.totalByteCount, limits.memoryByteCount].compactMap { $0 }.min()
        return UsableMemory(availableByteCount: available, totalByteCount: max(total ?? available, available))
    }

    /// Threads that compute best; see ``Machine/computeThreadCount``. Only what tells of the processor is read.
    public func computeThreadCount() -> Int {
        if let control = SystemControl(files) {
            return DarwinMachine(control: control, isThisMachine: files.isThisMachine).processor()
                .computeThreadCount(quota: nil)
        }
        let limits = LinuxControlGroups(files: files).read()
        return LinuxProcessor(files: files, allowed: limits.threads).read()
            .computeThreadCount(quota: limits.processorQuota)
    }
}
