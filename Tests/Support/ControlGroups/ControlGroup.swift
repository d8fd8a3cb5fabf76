import Foundation

/// A control group with limits for programs that are started in it, in whichever version is mounted.
public struct ControlGroup {
    private let folders: [URL]

    private static let first = URL(fileURLWithPath: "/sys/fs/cgroup/cpu")
    private static let memory = URL(fileURLWithPath: "/sys/fs/cgroup/memory")
    private static let second = URL(fileURLWithPath: "/sys/fs/cgroup")

    private static var isFirst: Bool {
        FileManager.default.fileExists(atPath: first.appending(path: "cpu.cfs_quota_us").path)
            || FileManager.default.fileExists(atPath: first.appending(path: "cgroup.procs").path)
    }

    /// Whether a group with limits can be made here; in most containers, and on macOS, it cannot.
    public static var mayBeMade: Bool {
        guard let group = try? ControlGroup(quota: 1, byteCount: 1 << 30) else { return false }
        group.remove()
        return true
    }

    /// Makes a group, which lasts until ``remove()``.
    ///
    /// - Parameters:
    ///   - quota: processors' time, in cores.
    ///   - byteCount: most memory; `nil` is no limit.
    public init(quota: Double, byteCount: Int64? = nil) throws {
        let isFirst = Self.isFirst
        let parents = isFirst ? [Self.first] + (byteCount == nil ? [] : [Self.memory]) : [Self.second]
        let name = "roost-\(UUID().uuidString)"
        folders = parents.map { $0.appending(path: name) }
        do {
            for folder in folders {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            }
            let share = Int(quota * 100_000)
            if isFirst {
                try write("100000", to: folders[0].appending(path: "cpu.cfs_period_us"))
                try write("\(share)", to: folders[0].appending(path: "cpu.cfs_quota_us"))
            } else {
                try write("\(share) 100000", to: folders[0].appending(path: "cpu.max"))
            }
            if let byteCount {
                try write(
                    "\(byteCount)",
                    to: folders[folders.count - 1].appending(path: isFirst ? "memory.limit_in_bytes" : "memory.max"))
            }
        } catch {
            remove()
            throw error
        }
    }

    /// Arguments for `/bin/sh`: it joins the group and becomes the program.
    public func arguments(running program: [String]) -> [String] {
        let joins = folders.map { "echo $$ > '\($0.path)/cgroup.procs'" }.joined(separator: " && ")
        return ["-c", "\(joins) && exec \"$@\"", "sh"] + program
    }

    /// Removes the group, in which nothing may run any more.
    public func remove() { for folder in folders { rmdir(folder.path) } }

    private func write(_ text: String, to file: URL) throws {
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.write(contentsOf: Data(text.utf8))
    }
}
