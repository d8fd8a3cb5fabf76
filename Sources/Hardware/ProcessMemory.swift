import Foundation

#if canImport(Darwin)
    import Darwin
#endif

/// The memory that a process holds.
public struct ProcessMemory: Sendable, Hashable, Codable {
    /// Bytes in RAM now, mapped files' pages included.
    public var residentByteCount: Int64
    /// The most there ever were; `nil` where the system does not say.
    public var peakResidentByteCount: Int64?

    /// Bytes now. Linux: `VmRSS` and `VmHWM` of /proc/self/status; macOS: `mach_task_basic_info`.
    public static func current() -> ProcessMemory {
        #if canImport(Darwin)
            var info = mach_task_basic_info()
            var count = mach_msg_type_number_t(
                MemoryLayout<mach_task_basic_info>.size / MemoryLayout<integer_t>.size)
            let result = withUnsafeMutablePointer(to: &info) {
                $0.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
                    task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
                }
            }
            guard result == KERN_SUCCESS else { return ProcessMemory(residentByteCount: 0) }
            return ProcessMemory(
                residentByteCount: Int64(info.resident_size), peakResidentByteCount: Int64(info.resident_size_max))
        #else
            return read("self") ?? ProcessMemory(residentByteCount: 0)
        #endif
    }

    /// The same of another process of the same user (Linux); `nil` where the system does not say, and when it is gone.
    public static func of(process identifier: Int32) -> ProcessMemory? {
        #if canImport(Darwin)
            return nil
        #else
            return read("\(identifier)")
        #endif
    }

    #if !canImport(Darwin)
        private static func read(_ process: String) -> ProcessMemory? {
            let fields = SystemFiles().fields("/proc/\(process)/status")
            let bytes = { (name: String) in
                fields[name].flatMap { $0.split(separator: " ").first }.flatMap { Int64($0) }.map { $0 << 10 }
            }
            return bytes("VmRSS").map {
                ProcessMemory(residentByteCount: $0, peakResidentByteCount: bytes("VmHWM"))
            }
        }
    #endif
}
