import Foundation

/// A control group with a processor quota, in whichever version is mounted.
struct QuotaGroup {
    private let folder: URL

    /// `nil` where this user may not make one.
    init?(quota: Double) {
        #if os(Linux)
            let first = URL(fileURLWithPath: "/sys/fs/cgroup/cpu")
            let isFirst = FileManager.default.fileExists(atPath: first.appending(path: "cgroup.procs").path)
            let parent = isFirst ? first : URL(fileURLWithPath: "/sys/fs/cgroup")
            folder = parent.appending(path: "roost-bench-\(UUID().uuidString)")
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
                let share = Int(quota * 100_000)
                if isFirst {
                    try Self.write("100000", to: folder.appending(path: "cpu.cfs_period_us"))
                    try Self.write("\(share)", to: folder.appending(path: "cpu.cfs_quota_us"))
                } else {
                    try Self.write("\(share) 100000", to: folder.appending(path: "cpu.max"))
                }
            } catch {
                remove()
                return nil
            }
        #else
            return nil
        #endif
    }

    /// A shell that joins the group and becomes the program.
    func arguments(running program: [String]) -> [String] {
        ["-c", "echo $$ > '\(folder.path)/cgroup.procs' && exec \"$@\"", "sh"] + program
    }

    func remove() { rmdir(folder.path) }

    private static func write(_ text: String, to file: URL) throws {
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.write(contentsOf: Data(text.utf8))
    }
}
