import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The memory of this machine, or of the container that this process is in.
public enum SystemMemory {
    /// Bytes that can be taken without swapping; `nil` where the system does not say.
    ///
    /// Linux: `MemAvailable` of /proc/meminfo, or what the cgroup (v2) leaves, if that is less. macOS: free, inactive
    /// and purgeable pages.
    public static var availableByteCount: Int64? {
        #if canImport(Darwin)
            var statistics = vm_statistics64()
            var count = mach_msg_type_number_t(
                MemoryLayout<vm_statistics64>.size / MemoryLayout<integer_t>.size)
            let result = withUnsafeMutablePointer(to: &statistics) {
                $0.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
                    host_statistics64(mach_host_self(), HOST_VM_INFO64, $0, &count)
                }
            }
            guard result == KERN_SUCCESS else { return nil }
            let pages =
                Int64(statistics.free_count) + Int64(statistics.inactive_count)
                + Int64(statistics.purgeable_count)
            return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
        #else
            let machine = field("MemAvailable:", of: "/proc/meminfo").map { $0 * 1024 }
            return [machine, groupRoom].compactMap { $0 }.min()
        #endif
    }

    #if !canImport(Darwin)
        /// What the memory cgroup leaves: its limit less what is in use and cannot be reclaimed.
        private static var groupRoom: Int64? {
            guard let limit = number(at: "/sys/fs/cgroup/memory.max"),
                let used = number(at: "/sys/fs/cgroup/memory.current")
            else { return nil }
            let reclaimable = field("inactive_file", of: "/sys/fs/cgroup/memory.stat") ?? 0
            return max(0, limit - used + reclaimable)
        }

        private static func number(at path: String) -> Int64? {
            (try? String(contentsOfFile: path, encoding: .utf8))
                .flatMap { Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
    #endif

    /// The number behind `name` in a file of lines "name number …".
    static func field(_ name: String, of path: String) -> Int64? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count >= 2, words[0] == name { return Int64(words[1]) }
        }
        return nil
    }
}

/// The memory that this process holds.
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
            let kilobytes = { SystemMemory.field($0, of: "/proc/self/status") }
            return ProcessMemory(
                residentByteCount: (kilobytes("VmRSS:") ?? 0) * 1024,
                peakResidentByteCount: kilobytes("VmHWM:").map { $0 * 1024 })
        #endif
    }
}

/// The processor as far as the engine's threads are concerned.
enum Processor {
    /// The cores that are good for arithmetic, but no more than this process may use (affinity, cgroup quota).
    static var defaultThreadCount: Int {
        max(1, min(EngineCores.count, ProcessInfo.processInfo.activeProcessorCount, quota ?? .max))
    }

    /// Whole cores of the cgroup's (v2) CPU quota; `nil` when there is none.
    private static var quota: Int? {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let share = Double(words[0]), let period = Double(words[1]), period > 0 else {
            return nil
        }
        return Int((share / period).rounded(.up))
    }
}
