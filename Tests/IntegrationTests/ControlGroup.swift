import Foundation

#if os(Linux)
    /// A control group of this test, in whichever version is mounted.
    struct ControlGroup {
        private let folders: [URL]

        private static let first = URL(fileURLWithPath: "/sys/fs/cgroup/cpu")
        private static let memory = URL(fileURLWithPath: "/sys/fs/cgroup/memory")
        private static let second = URL(fileURLWithPath: "/sys/fs/cgroup")

        private static var isFirst: Bool {
            FileManager.default.fileExists(atPath: first.appending(path: "cpu.cfs_quota_us").path)
                || FileManager.default.fileExists(atPath: first.appending(path: "cgroup.procs").path)
        }

        /// Whether a group with limits can be made here; in most containers it cannot.
        static var mayBeMade: Bool {
            guard let group = try? ControlGroup(quota: 1, byteCount: 1 << 30) else { return false }
            group.remove()
            return true
        }

        init(quota: Double, byteCount: Int64) throws {
            let name = "roost-test-\(UUID().uuidString)"
            folders =
                Self.isFirst
                ? [Self.first, Self.memory].map { $0.appending(path: name) } : [Self.second.appending(path: name)]
            do {
                for folder in folders {
                    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
                }
                let share = Int(quota * 100_000)
                if Self.isFirst {
                    try write("100000", to: folders[0].appending(path: "cpu.cfs_period_us"))
                    try write("\(share)", to: folders[0].appending(path: "cpu.cfs_quota_us"))
                    try write("\(byteCount)", to: folders[1].appending(path: "memory.limit_in_bytes"))
                } else {
                    try write("\(share) 100000", to: folders[0].appending(path: "cpu.max"))
                    try write("\(byteCount)", to: folders[0].appending(path: "memory.max"))
                }
            } catch {
                remove()
                throw error
            }
        }

        /// The shell joins the group and becomes the program.
        func arguments(running program: [String]) -> [String] {
            let joins = folders.map { "echo $$ > '\($0.path)/cgroup.procs'" }.joined(separator: " && ")
            return ["-c", "\(joins) && exec \"$@\"", "sh"] + program
        }

        /// Runs the program inside the group.
        func run(_ program: BuiltProgram, _ arguments: String...) async throws -> BuiltProgram.Outcome {
            var shell = program
            shell.url = URL(fileURLWithPath: "/bin/sh")
            return try await shell.run(self.arguments(running: [program.url.path] + arguments))
        }

        func remove() { for folder in folders { rmdir(folder.path) } }

        private func write(_ text: String, to file: URL) throws {
            let handle = try FileHandle(forWritingTo: file)
            defer { try? handle.close() }
            try handle.write(contentsOf: Data(text.utf8))
        }
    }
#endif
