import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The memory of this machine, or of the container that this process is in.
enum SystemMemory {
    /// Bytes that can be taken without swapping; `nil` where the system does not say.
    ///
    /// Linux: `MemAvailable` of /proc/meminfo, or what the cgroup (v2) leaves, if that is less. macOS: free, inactive
    /// and purgeable pages.
    static var availableByteCount: Int64? {
        if let known = KnownSystem.current { return known.availableByteCount }
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
        /// The memory cgroup's (v2) limit in bytes; `nil` when there is none.
        static var groupLimit: Int64? { number(at: "/sys/fs/cgroup/memory.max") }

        /// What the memory cgroup leaves: its limit less what is in use and cannot be reclaimed.
        private static var groupRoom: Int64? {
            guard let limit = groupLimit,
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
