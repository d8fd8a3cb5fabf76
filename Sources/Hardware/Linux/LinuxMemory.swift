/// The memory as Linux tells of it: `/proc/meminfo` (proc_meminfo(5)).
struct LinuxMemory {
    let files: SystemFiles

    func read() -> MachineMemory {
        let fields = files.fields("/proc/meminfo")
        func number(_ name: String) -> Int64? {
            fields[name].flatMap { $0.split(separator: " ").first }.flatMap { Int64($0) }
        }
        func bytes(_ name: String) -> Int64? {
            number(name).flatMap { (0..<1 << 50).contains($0) ? $0 << 10 : nil }
        }
        var memory = MachineMemory(totalByteCount: bytes("MemTotal"), availableByteCount: bytes("MemAvailable"))
        memory.swapByteCount = bytes("SwapTotal")
        memory.freeSwapByteCount = bytes("SwapFree")
        memory.hugePageByteCount = bytes("Hugepagesize")
        memory.hugePageCount = number("HugePages_Total").map { Int(clamping: $0) }
        memory.freeHugePageCount = number("HugePages_Free").map { Int(clamping: $0) }
        // “always [madvise] never”: the brackets are around what is chosen.
        memory.transparentHugePages = files.line("/sys/kernel/mm/transparent_hugepage/enabled")?
            .split(separator: " ").first { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) }
        return memory
    }
}
