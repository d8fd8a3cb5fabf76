import Foundation

/// What control groups leave to this process, of both versions: the least of its own group and every group above it.
///
/// Formats: https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/,
/// https://docs.kernel.org/scheduler/sched-bwc.html, cgroups(7), proc_pid_mountinfo(5).
struct LinuxControlGroups {
    let files: SystemFiles

    func read() -> ResourceLimits {
        let own = ownGroups()
        var limits = ResourceLimits()
        for hierarchy in hierarchies() {
            for folder in folders(of: hierarchy, own: own) {
                if let quota = processorQuota(hierarchy, folder) {
                    limits.processorQuota = min(limits.processorQuota ?? quota, quota)
                }
                if let threads = threads(hierarchy, folder), !threads.isEmpty {
                    limits.threads = limits.threads.map { $0.filter(threads.contains) } ?? threads
                }
                if let memory = memory(hierarchy, folder) {
                    limits.memoryByteCount = min(limits.memoryByteCount ?? memory.limit, memory.limit)
                    limits.memoryRoomByteCount = min(limits.memoryRoomByteCount ?? memory.room, memory.room)
                }
            }
        }
        return limits
    }

    /// One mounted hierarchy.
    private struct Hierarchy {
        /// Where it is mounted.
        let mountPoint: String
        /// Which of its groups is at the mount point.
        let root: String
        /// The first version's controllers; `nil` is the second version.
        let controllers: Set<String>?

        func has(_ controller: String) -> Bool { controllers?.contains(controller) ?? true }
    }

    private func hierarchies() -> [Hierarchy] {
        (files.text("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line in
            let mount = MountedFileSystem(line)
            guard let mount, ["cgroup", "cgroup2"].contains(mount.fileSystem) else { return nil }
            let options = Set(mount.superOptions.split(separator: ",").map(String.init))
            return Hierarchy(
                mountPoint: mount.mountPoint, root: mount.root,
                controllers: mount.fileSystem == "cgroup2" ? nil : options)
        }
    }

    /// The path of this process's group by controller; "" is the second version's.
    private func ownGroups() -> [String: String] {
        var paths: [String: String] = [:]
        for line in (files.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[String(controller)] = String(parts[2])
            }
        }
        return paths
    }

    /// The folders of this process's group and of all above it that are to be seen.
    private func folders(of hierarchy: Hierarchy, own: [String: String]) -> [String] {
        let controller = hierarchy.controllers.map { names in own.keys.first { names.contains($0) } } ?? ""
        guard let controller, let path = own[controller] else { return [] }
        var relative = Substring(path)
        let root = hierarchy.root == "/" ? "" : hierarchy.root
        if path == root || path.hasPrefix(root + "/") {
            relative = path.dropFirst(root.count)
        } else {
            // The group lies beside what is mounted, as in a container without a namespace of its own.
            relative = ""
        }
        var folders = [hierarchy.mountPoint]
        for name in relative.split(separator: "/") where name != ".." {
            folders.append("\(folders[folders.count - 1])/\(name)")
        }
        return folders
    }

    /// Cores' worth of time; `nil` is no limit.
    private func processorQuota(_ hierarchy: Hierarchy, _ folder: String) -> Double? {
        guard hierarchy.has("cpu") else { return nil }
        if hierarchy.controllers == nil {
            let words = (files.line("\(folder)/cpu.max") ?? "").split(separator: " ")
            guard words.count == 2, let share = Int64(words[0]), let period = Int64(words[1]), share > 0, period > 0
            else { return nil }
            return Double(share) / Double(period)
        }
        guard let share = files.number("\(folder)/cpu.cfs_quota_us"), share > 0,
            let period = files.number("\(folder)/cpu.cfs_period_us"), period > 0
        else { return nil }
        return Double(share) / Double(period)
    }

    private func threads(_ hierarchy: Hierarchy, _ folder: String) -> [Int]? {
        guard hierarchy.has("cpuset") else { return nil }
        return files.processors("\(folder)/cpuset.cpus.effective") ?? files.processors(
            "\(folder)/cpuset.effective_cpus")
            ?? files.processors("\(folder)/cpuset.cpus")
    }

    /// Bytes that may be taken, and those that still can be.
    private func memory(_ hierarchy: Hierarchy, _ folder: String) -> (limit: Int64, room: Int64)? {
        guard hierarchy.has("memory") else { return nil }
        let isFirst = hierarchy.controllers != nil
        let limits =
            isFirst
            ? [files.number("\(folder)/memory.limit_in_bytes")]
            // Past “high” the kernel slows a group down until it is useless.
            : [files.number("\(folder)/memory.max"), files.number("\(folder)/memory.high")]
        // The first version says a number near 2^63 for “no limit”.
        guard let limit = limits.compactMap({ $0 }).min(), limit >= 0, limit < 1 << 60 else { return nil }
        let used = files.number("\(folder)/\(isFirst ? "memory.usage_in_bytes" : "memory.current")") ?? 0
        let statistics = files.fields("\(folder)/memory.stat", separator: " ")
        // Of the first version the fields that count groups below it too.
        let reclaimable = ["inactive_file", "active_file"]
            .compactMap { statistics[isFirst ? "total_\($0)" : $0] ?? statistics[$0] }
            .compactMap { Int64($0) }.reduce(0, +)
        return (limit, max(0, limit - max(0, used - reclaimable)))
    }
}

/// A line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
struct MountedFileSystem {
    let device: String
    let root: String
    let mountPoint: String
    let fileSystem: String
    let source: String
    let superOptions: String

    init?(_ line: Substring) {
        let words = line.split(separator: " ").map(String.init)
        // Optional fields stand before the dash.
        guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count >= dash + 4 else { return nil }
        device = words[2]
        root = Self.plain(words[3])
        mountPoint = Self.plain(words[4])
        fileSystem = words[dash + 1]
        source = Self.plain(words[dash + 2])
        superOptions = words[dash + 3]
    }

    /// Blanks are written in octal (`\040`).
    private static func plain(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
