/// Graphics processors as the Linux kernel tells of them: `/sys/class/drm`, and `/sys/class/kfd` for AMD.
///
/// Formats: https://docs.kernel.org/gpu/amdgpu/driver-misc.html, the kernel's kfd_topology.c.
struct DirectRendering: GraphicsSource {
    let files: SystemFiles

    private static let folder = "/sys/class/drm"

    func devices() -> [GraphicsProcessor] {
        let computing = kfdNodes()
        return files.names(in: Self.folder).filter(Self.isCard).compactMap { card in
            let path = "\(Self.folder)/\(card)/device"
            switch files.line("\(path)/vendor") {
            case "0x1002": return amd(path, computing)
            case "0x10de": return common(.nvidia, path)
            case "0x8086":
                var device = common(.intel, path)
                // The separate ones have memory of their own; how much, their driver tells.
                device.sharesSystemMemory = device.busAddress?.hasPrefix("0000:00:") ?? true
                return device
            default: return nil
            }
        }
    }

    /// `card0`, and not a connector of it (`card0-HDMI-A-1`).
    private static func isCard(_ name: String) -> Bool { name.hasPrefix("card") && Int(name.dropFirst(4)) != nil }

    private func common(_ maker: GraphicsProcessor.Maker, _ path: String) -> GraphicsProcessor {
        var device = GraphicsProcessor(maker: maker, name: files.line("\(path)/product_name"))
        let event = files.fields("\(path)/uevent", separator: "=")
        device.busAddress = event["PCI_SLOT_NAME"].map(GraphicsProcessor.normalized)
        for chip in files.names(in: "\(path)/hwmon") {
            let monitor = "\(path)/hwmon/\(chip)"
            device.temperature = files.number("\(monitor)/temp1_input").map { Double($0) / 1000 }
            device.power = ["power1_average", "power1_input"].lazy.compactMap { files.number("\(monitor)/\($0)") }.first
                .map { Double($0) / 1e6 }
            device.powerLimit = files.number("\(monitor)/power1_cap").map { Double($0) / 1e6 }
        }
        device.utilization = files.number("\(path)/gpu_busy_percent").map { min(max(Double($0) / 100, 0), 1) }
        return device
    }

    private func amd(_ path: String, _ computing: [String: KFDNode]) -> GraphicsProcessor {
        var device = common(.amd, path)
        func bytes(_ name: String) -> Int64? { files.number("\(path)/mem_info_\(name)").flatMap { $0 >= 0 ? $0 : nil } }
        let renderer = files.names(in: "\(path)/drm").first { $0.hasPrefix("renderD") }
        let node = renderer.flatMap { computing[String($0.dropFirst(7))] }
        device.computeCapability = node?.architecture
        device.name = device.name ?? node?.architecture.map { "AMD \($0)" }
        let (own, shared) = (bytes("vram_total"), bytes("gtt_total"))
        let isIntegrated = node?.isIntegrated ?? files.exists("\(path)/uma")
        // One pool or the other: a buffer that does not fit the carve-out lies in the machine's memory. Never their sum.
        if isIntegrated, let shared, shared > own ?? 0 {
            device.sharesSystemMemory = true
            device.totalByteCount = shared
            device.usedByteCount = bytes("gtt_used")
        } else {
            device.totalByteCount = own
            device.usedByteCount = bytes("vram_used")
        }
        if let total = device.totalByteCount, let used = device.usedByteCount {
            device.freeByteCount = max(0, total - used)
        }
        return device
    }

    /// A processor of AMD's compute driver.
    private struct KFDNode {
        /// Its instruction set, `gfx1151`.
        let architecture: String?
        let isIntegrated: Bool

        /// Of `gfx_target_version`: 110501 is 11.5.1, whose last two are written in hexadecimal.
        init(version: Int) {
            let (major, minor, stepping) = (version / 10_000, version / 100 % 100, version % 100)
            architecture =
                version > 0 ? "gfx\(major)\(String(minor, radix: 16))\(String(stepping, radix: 16))" : nil
            isIntegrated = Self.integrated.contains(version)
        }

        /// Those that are one chip with the processor (LLVM's “Processors” of AMDGPU, “APU”).
        private static let integrated: Set<Int> = [
            90_002, 90_009, 90_012, 100_103, 100_303, 100_305, 100_306, 100_307, 110_003, 110_500, 110_501, 110_502,
            110_503,
        ]
    }

    /// The nodes by the number of their renderer.
    private func kfdNodes() -> [String: KFDNode] {
        let folder = "/sys/class/kfd/kfd/topology/nodes"
        var nodes: [String: KFDNode] = [:]
        for name in files.names(in: folder) {
            let facts = files.fields("\(folder)/\(name)/properties", separator: " ")
            guard let renderer = facts["drm_render_minor"], renderer != "0",
                let version = facts["gfx_target_version"].flatMap({ Int($0) }), (0..<10_000_000).contains(version)
            else { continue }
            nodes[renderer] = KFDNode(version: version)
        }
        return nodes
    }
}
