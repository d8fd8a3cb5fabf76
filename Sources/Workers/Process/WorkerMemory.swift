import Foundation

/// What the processes of workers hold.
enum WorkerMemory {
    /// Bytes of RAM of a process (Linux: the second number of /proc/PID/statm, in pages); `nil` where nobody says.
    static func residentByteCount(of pid: Int32) -> Int64? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8) else { return nil }
        let numbers = text.split(separator: " ")
        guard numbers.count > 1, let pages = Int64(numbers[1]) else { return nil }
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The most bytes of RAM that a process ever had (Linux: `VmHWM` of /proc/PID/status); `nil` where nobody says.
    static func peakByteCount(of pid: Int32) -> Int64? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let count = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int64($0) })
        else { return nil }
        return count << 10
    }
}
