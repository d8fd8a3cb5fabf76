public import Hardware
public import Inference

/// Limits that a person sets for models.
public struct PlanLimits: Sendable, Hashable, Codable {
    /// Most of the machine's memory (`max_ram_usage`).
    public var memory: MemoryLimit
    /// Most of each GPU's memory (`gpu_memory_usage`), as a part of all it has.
    public var graphics: MemoryLimit
    /// Whether models go to GPUs where there are any (`prefer_gpu`).
    public var prefersGraphics: Bool

    /// Limits.
    public init(
        memory: MemoryLimit = .available, graphics: MemoryLimit = .available, prefersGraphics: Bool = true
    ) {
        self.memory = memory
        self.graphics = graphics
        self.prefersGraphics = prefersGraphics
    }
}

extension PlannedMachine {
    /// Bytes of a GPU that its driver and the engine's own context take (CUDA takes some hundred MiB); kept free.
    static let graphicsReserveByteCount: Int64 = 512 << 20
    /// Where the machine does not say how much memory can be taken.
    static let unknownMemoryByteCount: Int64 = 4 << 30

    /// This machine, or a recorded one.
    ///
    /// - Parameters:
    ///   - machine: what is known of it.
    ///   - limits: what a person allows.
    ///   - devices: the engine's GPUs (``Engine/graphics``), which have the names that load options use; `nil` takes the
    ///     machine's own list, as for a recorded one.
    ///   - availableByteCount: bytes of the machine's memory that models may take, where somebody knows better: what
    ///     models of this program have already can count as available.
    ///   - freedByteCounts: bytes that come free on GPUs beside what they have free now, by the names of `devices`.
    ///   - ceiling: what was measured here.
    public init(
        _ machine: Machine, limits: PlanLimits = PlanLimits(), devices: [EngineDevice]? = nil,
        availableByteCount: Int64? = nil, freedByteCounts: [String: Int64] = [:], ceiling: MachineCeiling? = nil
    ) {
        let total = machine.usableByteCount
        let available = max(
            0, availableByteCount ?? machine.availableByteCount ?? total ?? Self.unknownMemoryByteCount)
        let memory = limits.memory.allowed(total: total, available: available)
        var graphics =
            devices.map { Self.graphics(of: $0, machine) }
            ?? machine.graphics.enumerated().map { Self.device($1, name: "GPU\($0)") }
        for index in graphics.indices {
            let free = graphics[index].memoryByteCount.addingClamped(max(0, freedByteCounts[graphics[index].name] ?? 0))
            graphics[index].memoryByteCount = min(free, graphics[index].totalByteCount ?? free)
            graphics[index].memoryByteCount = limits.graphics.allowed(
                total: graphics[index].totalByteCount, available: graphics[index].memoryByteCount)
            // One pool: what the limit leaves of it, however it is reached.
            if graphics[index].sharesSystemMemory {
                graphics[index].memoryByteCount = min(graphics[index].memoryByteCount, memory)
            } else {
                graphics[index].memoryByteCount = max(
                    0, graphics[index].memoryByteCount - Self.graphicsReserveByteCount)
            }
        }
        let bandwidth = KnownProcessor.find(machine.processor.name ?? "")?.bytesPerSecond
        self.init(
            memoryByteCount: memory, threadCount: machine.computeThreadCount, graphics: graphics,
            totalByteCount: total, bytesPerSecond: bandwidth, ceiling: ceiling,
            repacking: Repacking(
                architecture: machine.processor.architecture, features: machine.processor.features),
            prefersGraphics: limits.prefersGraphics, isHere: devices != nil)
    }

    private static func device(_ processor: GraphicsProcessor, name: String) -> PlannedDevice {
        PlannedDevice(
            name: name, title: processor.name,
            memoryByteCount: processor.freeByteCount ?? processor.totalByteCount ?? 0,
            totalByteCount: processor.totalByteCount,
            sharesSystemMemory: processor.sharesSystemMemory,
            bytesPerSecond: KnownProcessor.find(processor.name ?? "")?.bytesPerSecond)
    }

    /// The engine's devices, with what else is known of the same ones: the same place on the bus.
    private static func graphics(of devices: [EngineDevice], _ machine: Machine) -> [PlannedDevice] {
        devices.map { device in
            let same = machine.graphics.first { processor in
                guard let address = device.busAddress, let other = processor.busAddress else { return false }
                return address.lowercased() == other.lowercased()
            }
            let shares = same?.sharesSystemMemory ?? (device.kind == .integratedGPU)
            let free = [device.freeByteCount, same?.freeByteCount].compactMap { $0 }.min() ?? 0
            return PlannedDevice(
                name: device.name, title: same?.name ?? device.title, memoryByteCount: free,
                totalByteCount: same?.totalByteCount ?? device.totalByteCount, sharesSystemMemory: shares,
                bytesPerSecond: KnownProcessor.find(same?.name ?? device.title)?.bytesPerSecond)
        }
    }
}
