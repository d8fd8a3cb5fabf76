import Foundation

#if canImport(Darwin)
    import Darwin
#endif
#if canImport(Metal)
    import Metal
#endif

/// A Mac, told by its sysctl values (`hw`, `machdep.cpu`, `kern`, `vm`; see sysctl(3) and Apple's “Determining system
/// capabilities”).
struct DarwinMachine {
    let control: SystemControl
    let isThisMachine: Bool

    func read(graphics: [GraphicsProcessor], disks: [Disk]) -> Machine {
        let memory = memory()
        return Machine(
            operatingSystem: OperatingSystem(
                kind: "macos", name: control.text("kern.osproductversion").map { "macOS \($0)" },
                kernel: control.text("kern.osrelease")),
            environment: MachineEnvironment(hypervisor: control.number("kern.hv_vmm_present") == 1 ? "apple" : nil),
            processor: processor(), memory: memory, limits: ResourceLimits(),
            graphics: graphics + metal(memory), disks: disks, sensors: [])
    }

    private var isAppleSilicon: Bool { control.number("hw.optional.arm64") == 1 }

    func processor() -> CentralProcessor {
        let count = { Int(clamping: control.number($0) ?? 0) }
        let threads = max(1, count("hw.activecpu"), count("hw.logicalcpu"))
        let cores = max(1, count("hw.physicalcpu"))
        // Level 0 has the fast cores; there is more than one level where there are two kinds.
        let hasKinds = count("hw.nperflevels") > 1
        let fast = hasKinds ? count("hw.perflevel0.physicalcpu") : nil
        return CentralProcessor(
            name: control.text("machdep.cpu.brand_string"), architecture: isAppleSilicon ? "arm64" : "x86_64",
            packageCount: control.number("hw.packages").map { Int(clamping: $0) }, coreCount: cores,
            performanceCoreCount: fast, efficiencyCoreCount: fast.map { cores - $0 }, threadCount: threads,
            usableThreads: Array(0..<threads), usableCoreCount: cores, usablePerformanceCoreCount: fast,
            features: Self.features.filter { control.number("hw.optional.\($0.key)") == 1 }.map(\.value).sorted(),
            caches: caches(), nodes: [])
    }

    private static let features = [
        "arm.FEAT_DotProd": "asimddp", "arm.FEAT_I8MM": "i8mm", "arm.FEAT_BF16": "bf16", "arm.FEAT_FP16": "fphp",
        "arm.FEAT_SME": "sme", "avx1_0": "avx", "avx2_0": "avx2", "fma": "fma", "avx512f": "avx512f",
    ]

    private func caches() -> [CentralProcessor.Cache] {
        let levels = max(1, Int(clamping: control.number("hw.nperflevels") ?? 1))
        return (0..<min(levels, 4)).flatMap { level -> [CentralProcessor.Cache] in
            let prefix = levels > 1 ? "hw.perflevel\(level)." : "hw."
            let cores = Int(clamping: control.number("\(prefix)physicalcpu") ?? 1)
            let sharing = Int(clamping: control.number("\(prefix)cpusperl2") ?? 1)
            return [
                ("l1dcachesize", 1, CentralProcessor.Cache.Kind.data, cores),
                ("l1icachesize", 1, .instruction, cores), ("l2cachesize", 2, .unified, cores / max(1, sharing)),
            ].compactMap { name, level, kind, count in
                control.number(prefix + name).flatMap {
                    $0 > 0 ? .init(level: level, kind: kind, byteCount: $0, count: max(1, count)) : nil
                }
            }
        }
        .sorted { ($0.level, $0.kind.rawValue, $1.byteCount) < ($1.level, $1.kind.rawValue, $0.byteCount) }
    }

    func memory() -> MachineMemory {
        var memory = MachineMemory(totalByteCount: control.number("hw.memsize"), isUnified: isAppleSilicon)
        let page = control.number("hw.pagesize") ?? 16_384
        if isThisMachine {
            memory.availableByteCount = availableByteCount(page: page)
        } else if let free = control.number("vm.page_free_count") {
            memory.availableByteCount = (free + (control.number("vm.page_purgeable_count") ?? 0)) * page
        }
        return memory
    }

    /// Free, inactive and purgeable pages.
    private func availableByteCount(page: Int64) -> Int64? {
        #if canImport(Darwin)
            var statistics = vm_statistics64()
            var count = mach_msg_type_number_t(MemoryLayout<vm_statistics64>.size / MemoryLayout<integer_t>.size)
            let result = withUnsafeMutablePointer(to: &statistics) {
                $0.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
                    host_statistics64(mach_host_self(), HOST_VM_INFO64, $0, &count)
                }
            }
            guard result == KERN_SUCCESS else { return nil }
            let pages =
                Int64(statistics.free_count) + Int64(statistics.inactive_count) + Int64(statistics.purgeable_count)
            return pages * page
        #else
            return nil
        #endif
    }

    /// The graphics processor of Apple's chips; others of Macs are not used.
    private func metal(_ memory: MachineMemory) -> [GraphicsProcessor] {
        #if canImport(Metal)
            if isThisMachine {
                return MTLCopyAllDevices().filter(\.hasUnifiedMemory).map { found in
                    device(found.name, limit: Int64(clamping: found.recommendedMaxWorkingSetSize), memory)
                }
            }
        #endif
        guard isAppleSilicon else { return [] }
        // What a user has set (iogpu.wired_limit_mb, MiB), else what Metal recommends: two thirds of up to 36 GiB, three
        // quarters of more.
        let set = control.number("iogpu.wired_limit_mb").flatMap { $0 > 0 ? $0 << 20 : nil }
        let recommended = memory.totalByteCount.map { $0 <= 36 << 30 ? $0 / 3 * 2 : $0 / 4 * 3 }
        return [device(control.text("machdep.cpu.brand_string"), limit: set ?? recommended, memory)]
    }

    private func device(_ name: String?, limit: Int64?, _ memory: MachineMemory) -> GraphicsProcessor {
        var device = GraphicsProcessor(maker: .apple, name: name, sharesSystemMemory: true)
        device.totalByteCount = limit
        device.freeByteCount = [limit, memory.availableByteCount].compactMap { $0 }.min()
        return device
    }
}
