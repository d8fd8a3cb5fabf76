import Foundation

/// What `/proc/cpuinfo` says; its fields differ from one architecture to the next.
struct ProcessorInfo {
    private let entries: [[String: String]]

    init(_ text: String) {
        var entries: [[String: String]] = []
        var entry: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":") else {
                if !entry.isEmpty { entries.append(entry) }
                entry = [:]
                continue
            }
            let name = line[..<colon].trimmingCharacters(in: .whitespaces)
            entry[name] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        if !entry.isEmpty { entries.append(entry) }
        self.entries = entries
    }

    private var threadEntries: [[String: String]] { entries.filter { $0["processor"] != nil } }

    /// The hardware threads by number.
    var threads: [Int] { threadEntries.compactMap { $0["processor"].flatMap { Int($0) } }.sorted() }

    /// As its maker calls it; on ARM the cores by their numbers in the register MIDR.
    var name: String? {
        if let name = first("model name"), !name.isEmpty { return name }
        var names: [String] = []
        for entry in threadEntries {
            guard let maker = entry["CPU implementer"], let part = entry["CPU part"] else { continue }
            let name = Self.armCores["\(maker) \(part)"] ?? "ARM core \(maker)/\(part)"
            if !names.contains(name) { names.append(name) }
        }
        return names.isEmpty ? nil : names.joined(separator: ", ")
    }

    /// `nil` when the fields are of neither.
    var architecture: String? {
        if first("flags") != nil { return "x86_64" }
        if first("CPU implementer") != nil { return "arm64" }
        return nil
    }

    /// What the engine's kernels are chosen by, of what there is.
    var features: [String] {
        let all = Set((first("flags") ?? first("Features") ?? "").split(separator: " ").map(String.init))
        return Self.usedFeatures.filter(all.contains)
    }

    /// Whether a hypervisor says that it is there.
    var isVirtual: Bool { (first("flags") ?? "").split(separator: " ").contains("hypervisor") }

    var packageCount: Int? {
        let numbers = Set(threadEntries.compactMap { $0["physical id"] })
        return numbers.isEmpty ? nil : numbers.count
    }

    /// The threads on the same core as `thread`.
    func siblings(of thread: Int) -> [Int] {
        guard let own = threadEntries.first(where: { $0["processor"] == "\(thread)" }), let core = own["core id"] else {
            return [thread]
        }
        return threadEntries.filter { $0["core id"] == core && $0["physical id"] == own["physical id"] }
            .compactMap { $0["processor"].flatMap { Int($0) } }.sorted()
    }

    private func first(_ name: String) -> String? { entries.lazy.compactMap { $0[name] }.first }

    private static let usedFeatures = [
        "sse4_2", "avx", "f16c", "fma", "avx2", "bmi2", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512vbmi",
        "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "fphp", "asimdhp", "asimddp", "i8mm",
        "bf16", "sve", "sve2", "sme",
    ]

    /// Arm Ltd's part numbers from its cores' reference manuals (MIDR_EL1), and Apple's, Ampere's.
    private static let armCores = [
        "0x41 0xd03": "Cortex-A53", "0x41 0xd04": "Cortex-A35", "0x41 0xd05": "Cortex-A55", "0x41 0xd07": "Cortex-A57",
        "0x41 0xd08": "Cortex-A72", "0x41 0xd09": "Cortex-A73", "0x41 0xd0a": "Cortex-A75", "0x41 0xd0b": "Cortex-A76",
        "0x41 0xd0c": "Neoverse-N1", "0x41 0xd0d": "Cortex-A77", "0x41 0xd40": "Neoverse-V1",
        "0x41 0xd41": "Cortex-A78",
        "0x41 0xd44": "Cortex-X1", "0x41 0xd46": "Cortex-A510", "0x41 0xd47": "Cortex-A710", "0x41 0xd48": "Cortex-X2",
        "0x41 0xd49": "Neoverse-N2", "0x41 0xd4d": "Cortex-A715", "0x41 0xd4e": "Cortex-X3",
        "0x41 0xd4f": "Neoverse-V2",
        "0xc0 0xac3": "Ampere-1",
    ]
}
