/// The processor as Linux tells of it: `/proc/cpuinfo` and `/sys/devices/system/cpu`.
///
/// Formats: https://docs.kernel.org/admin-guide/cputopology.html, Documentation/ABI/testing/sysfs-devices-system-cpu.
struct LinuxProcessor {
    let files: SystemFiles
    /// Hardware threads that the control groups allow.
    let allowed: [Int]?

    private static let folder = "/sys/devices/system/cpu"

    func read() -> CentralProcessor {
        let info = ProcessorInfo(files.text("/proc/cpuinfo") ?? "")
        let online = files.processors("\(Self.folder)/online") ?? info.threads
        let usable = usableThreads(of: online)
        let cores = Cores(online.map { siblings(of: $0, info).filter(online.contains) })
        let fast = fastThreads(of: online)
        return CentralProcessor(
            name: info.name ?? deviceName, architecture: info.architecture ?? Self.architecture,
            packageCount: packages(of: online, info), coreCount: max(1, cores.count),
            performanceCoreCount: fast.map { cores.count(touching: $0) },
            efficiencyCoreCount: fast.map { cores.count - cores.count(touching: $0) },
            threadCount: max(1, online.count), usableThreads: usable,
            usableCoreCount: max(1, cores.count(touching: usable)),
            usablePerformanceCoreCount: fast.map { cores.count(touching: Set(usable).intersection($0)) }
                .flatMap { $0 > 0 ? $0 : nil },
            features: info.features, caches: caches(of: online), nodes: nodes())
    }

    /// What the affinity of this process leaves (`sched_setaffinity`, cpusets); `/proc/self/status` has it too.
    private func usableThreads(of online: [Int]) -> [Int] {
        let affinity = files.fields("/proc/self/status")["Cpus_allowed_list"].flatMap(ProcessorList.parse)
        let usable = online.filter { affinity?.contains($0) ?? true }.filter { allowed?.contains($0) ?? true }
        return usable.isEmpty ? online : usable
    }

    /// The threads that share a core with `thread`, itself among them.
    private func siblings(of thread: Int, _ info: ProcessorInfo) -> [Int] {
        let topology = "\(Self.folder)/cpu\(thread)/topology"
        // The first is the newer name of the second.
        return files.processors("\(topology)/core_cpus_list") ?? files.processors("\(topology)/thread_siblings_list")
            ?? info.siblings(of: thread)
    }

    private func packages(of online: [Int], _ info: ProcessorInfo) -> Int? {
        let numbers = online.compactMap { files.number("\(Self.folder)/cpu\($0)/topology/physical_package_id") }
        // Some ARM kernels say −1 for all.
        if let count = [Set(numbers.filter { $0 >= 0 }).count].first(where: { $0 > 0 }) { return count }
        return info.packageCount
    }

    /// The threads of the fast cores where there are two kinds: by Intel's device folders, else by ARM's capacities.
    private func fastThreads(of online: [Int]) -> Set<Int>? {
        if let fast = files.processors("/sys/devices/cpu_core/cpus"),
            let slow = files.processors("/sys/devices/cpu_atom/cpus"), !fast.isEmpty, !slow.isEmpty
        {
            return Set(fast).intersection(online)
        }
        let capacities = online.compactMap { thread in
            files.number("\(Self.folder)/cpu\(thread)/cpu_capacity").map { (thread, $0) }
        }
        guard capacities.count == online.count, let least = capacities.map(\.1).min(),
            let most = capacities.map(\.1).max(), Double(least) < 0.8 * Double(most)
        else { return nil }
        // With three kinds the middle ones compute with the fast ones.
        return Set(capacities.filter { Double($0.1) >= 1.25 * Double(least) }.map(\.0))
    }

    private func caches(of online: [Int]) -> [CentralProcessor.Cache] {
        var groups: [CacheKey: Set<[Int]>] = [:]
        for thread in online {
            let folder = "\(Self.folder)/cpu\(thread)/cache"
            for index in files.names(in: folder) where index.hasPrefix("index") {
                guard let level = files.number("\(folder)/\(index)/level"), (1...8).contains(level),
                    let kind = files.line("\(folder)/\(index)/type")?.lowercased(),
                    let byteCount = files.line("\(folder)/\(index)/size").flatMap(Self.byteCount)
                else { continue }
                let sharers = files.processors("\(folder)/\(index)/shared_cpu_list") ?? [thread]
                let key = CacheKey(level: Int(level), kind: .init(rawValue: kind) ?? .unified, byteCount: byteCount)
                groups[key, default: []].insert(sharers)
            }
        }
        return groups.map { .init(level: $0.level, kind: $0.kind, byteCount: $0.byteCount, count: $1.count) }
            .sorted {
                ($0.level, $0.kind.rawValue, $1.byteCount) < ($1.level, $1.kind.rawValue, $0.byteCount)
            }
    }

    private struct CacheKey: Hashable {
        let level: Int
        let kind: CentralProcessor.Cache.Kind
        let byteCount: Int64
    }

    /// Bytes of the kernel's `48K`, `32M`.
    private static func byteCount(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        guard let last = text.last else { return nil }
        guard let unit = units[last] else { return Int64(text) }
        guard let count = Int64(text.dropLast()), count >= 0, count < 1 << 30 else { return nil }
        return count * unit
    }

    private func nodes() -> [CentralProcessor.Node] {
        let folder = "/sys/devices/system/node"
        return files.names(in: folder).compactMap { name in
            guard name.hasPrefix("node"), let number = Int(name.dropFirst(4)) else { return nil }
            let total = files.text("\(folder)/\(name)/meminfo")?.split(separator: "\n")
                .first { $0.contains("MemTotal:") }?.split(whereSeparator: \.isWhitespace)
                .compactMap { Int64($0) }.last
            return .init(
                number: number, threads: files.processors("\(folder)/\(name)/cpulist") ?? [],
                totalByteCount: total.map { $0 << 10 })
        }
    }

    /// Boards with a device tree call themselves something; their cores often do not.
    private var deviceName: String? { files.line("/proc/device-tree/model") }

    private static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}

/// Physical cores, each a set of threads.
private struct Cores {
    private let cores: Set<[Int]>

    init(_ siblings: [[Int]]) { cores = Set(siblings.filter { !$0.isEmpty }) }

    var count: Int { cores.count }

    func count(touching threads: some Sequence<Int>) -> Int {
        let threads = Set(threads)
        return cores.count { !threads.isDisjoint(with: $0) }
    }
}
