extension Machine {
    /// A short name for what decides how fast models run here: system, processor, the cores and the quota that this
    /// process may use, the size of memory, graphics processors. For example `linux-x86_64-1f0c5b6a9d3e7f42`.
    ///
    /// The same after a restart, with other load, temperatures and drivers; what was measured under one fingerprint
    /// holds under it. Two machines of the same make have the same.
    public var fingerprint: String {
        var facts = [
            operatingSystem.kind, processor.name ?? "", processor.architecture, "\(processor.packageCount ?? 0)",
            "\(processor.coreCount)", "\(processor.threadCount)", "\(processor.usableThreads.count)",
            "\(processor.usableCoreCount)", "\(processor.usablePerformanceCoreCount ?? -1)",
            processor.features.sorted().joined(separator: " "),
            limits.processorQuota.map { "\(Int(exactly: ($0 * 100).rounded()) ?? -1)" } ?? "",
            Self.size(usableByteCount),
        ]
        // Their places on the bus may change from start to start.
        facts += graphics.map { device in
            let memory = device.sharesSystemMemory ? "shared" : Self.size(device.totalByteCount)
            return "\(device.maker.rawValue) \(device.name ?? "") \(device.computeCapability ?? "") \(memory)"
        }.sorted()
        return "\(operatingSystem.kind)-\(processor.architecture)-\(Self.hash(facts))"
    }

    /// A size of memory, rounded up to an eighth of its power of two: what the kernel keeps for itself, and leaves out
    /// of what it tells, differs a little from start to start.
    private static func size(_ byteCount: Int64?) -> String {
        guard let byteCount, byteCount > 0 else { return "" }
        let step = max(1, Int64(1) << (Int64.bitWidth - 1 - byteCount.leadingZeroBitCount) / 8)
        let (rounded, overflow) = ((byteCount - 1) / step + 1).multipliedReportingOverflow(by: step)
        return "\(overflow ? byteCount : rounded)"
    }

    /// FNV-1a of 64 bits; a line feed between two facts.
    private static func hash(_ facts: [String]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in facts.joined(separator: "\n").utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
