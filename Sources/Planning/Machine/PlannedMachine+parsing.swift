import Foundation

extension PlannedMachine {
    /// A machine that a person describes: `24GB gpu, 32GB ram`, `2x24GB gpu 936GB/s, 64GB ram`, `rtx 4090, 64GB ram`,
    /// `m2 pro 32GB`, `8GB ram, 4 cores`.
    ///
    /// Parts are separated by commas. A GB of memory is 2³⁰ bytes, as it is sold; a GB/s is 10⁹ bytes in a second. A part
    /// that is only a bandwidth (`1008GB/s gpu`) belongs to the GPUs, or the RAM, of the others.
    ///
    /// - Throws: `PlanningError.invalidMachine`.
    public init(parsing text: String) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        var draft = Draft()
        for part in parts { try draft.add(try MachinePart(part, of: text), part, of: text) }
        self = try draft.machine(of: text)
    }

    /// The description that ``init(parsing:)`` makes the same machine of.
    public var description: String {
        var parts: [String] = []
        var rest = graphics[...]
        while let first = rest.first {
            let count = rest.prefix { $0.sameKind(as: first) }.count
            rest = rest.dropFirst(count)
            let memory = first.sharesSystemMemory ? totalByteCount : first.totalByteCount
            let size = Self.gigabytes(memory ?? first.memoryByteCount)
            let times = count > 1 ? "\(count)x" : ""
            let bandwidth = first.bytesPerSecond.map { " \(Self.number($0 / 1e9))GB/s" } ?? ""
            parts.append("\(times)\(size) \(first.title ?? "gpu")\(bandwidth)")
        }
        if !graphics.contains(where: \.sharesSystemMemory) {
            let bandwidth = bytesPerSecond.map { " \(Self.number($0 / 1e9))GB/s" } ?? ""
            parts.append("\(Self.gigabytes(totalByteCount ?? memoryByteCount)) ram\(bandwidth)")
        }
        return (parts + ["\(threadCount) cores"]).joined(separator: ", ")
    }

    private static func gigabytes(_ count: Int64) -> String { "\(number(Double(count) / 0x1p30))GB" }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    /// What of a described machine's RAM the system needs for itself.
    static func reserve(of total: Int64) -> Int64 { min(max(1 << 30, total / 10), 4 << 30, total / 2) }

    /// The part of its memory that Metal gives to a GPU (`recommendedMaxWorkingSetSize`).
    static func workingSet(of total: Int64) -> Int64 { total > 36 << 30 ? total / 4 * 3 : total / 3 * 2 }
}

extension PlannedDevice {
    fileprivate func sameKind(as other: PlannedDevice) -> Bool {
        var copy = self
        copy.name = other.name
        return copy == other
    }
}

/// What the parts have said so far.
private struct Draft {
    var graphics: [(known: KnownProcessor?, memory: Int64, bandwidth: Double?)] = []
    var chip: KnownProcessor?
    var memory: Int64?
    var memoryBandwidth: Double?
    var graphicsBandwidth: Double?
    var cores: Int?

    mutating func add(_ part: MachinePart, _ words: String, of text: String) throws {
        func refuse(_ rule: String) -> PlanningError { .invalidMachine(text: text, part: words, rule: rule) }
        switch part.kind {
        case .cores:
            guard cores == nil else { throw refuse("gives the number of cores again") }
            cores = part.count
        case .memory:
            guard part.count == 1 else { throw refuse("cannot be there several times") }
            if let size = part.memoryByteCount {
                guard memory == nil else { throw refuse("gives the RAM again") }
                memory = size
            }
            memoryBandwidth = part.bytesPerSecond ?? memoryBandwidth
        case .graphics:
            guard let size = part.memoryByteCount else {
                graphicsBandwidth = part.bytesPerSecond
                return
            }
            try add(nil, size, part, refuse)
        case .known(let known) where known.isUnified:
            guard chip == nil, part.count == 1 else { throw refuse("is a whole system; there can be one") }
            chip = known
            memoryBandwidth = part.bytesPerSecond ?? memoryBandwidth
            if let size = part.memoryByteCount {
                guard memory == nil else { throw refuse("gives the memory again") }
                memory = size
            }
        case .known(let known):
            guard let size = part.memoryByteCount ?? known.gigabytes.map({ $0 << 30 }) else {
                throw refuse("has no size")
            }
            try add(known, size, part, refuse)
        }
    }

    private mutating func add(
        _ known: KnownProcessor?, _ size: Int64, _ part: MachinePart, _ refuse: (String) -> PlanningError
    ) throws {
        guard graphics.count + part.count <= 64 else { throw refuse("makes more than 64 GPUs") }
        for _ in 0..<part.count { graphics.append((known, size, part.bytesPerSecond ?? known?.bytesPerSecond)) }
    }

    func machine(of text: String) throws -> PlannedMachine {
        var assumptions: [String] = []
        guard memory != nil || !graphics.isEmpty else {
            let rule = chip == nil ? "names no memory" : "needs its memory, as in “m2 pro 32GB”"
            throw PlanningError.invalidMachine(text: text, part: text, rule: rule)
        }
        let total = memory ?? 16 << 30
        if memory == nil { assumptions.append("16 GB of RAM, as the description names none") }
        let threads = cores ?? chip?.cores ?? 8
        if cores == nil, chip?.cores == nil { assumptions.append("8 cores, as the description names none") }
        var devices = graphics.enumerated().map { index, device in
            PlannedDevice(
                name: "GPU\(index)", title: device.known?.name,
                memoryByteCount: device.memory - min(PlannedMachine.graphicsReserveByteCount, device.memory / 4),
                totalByteCount: device.memory, bytesPerSecond: device.bandwidth ?? graphicsBandwidth)
        }
        let available = total - PlannedMachine.reserve(of: total)
        if let chip {
            devices.append(
                PlannedDevice(
                    name: "GPU\(devices.count)", title: chip.name,
                    memoryByteCount: min(PlannedMachine.workingSet(of: total), available), totalByteCount: total,
                    sharesSystemMemory: true, bytesPerSecond: memoryBandwidth ?? chip.bytesPerSecond))
        }
        let isARM = chip.map { $0.name.hasPrefix("m") || $0.name == "gb10" } ?? false
        return PlannedMachine(
            memoryByteCount: available, threadCount: threads, graphics: devices, totalByteCount: total,
            bytesPerSecond: memoryBandwidth ?? chip?.bytesPerSecond,
            repacking: Repacking(architecture: isARM ? "arm64" : "x86_64", features: nil), assumptions: assumptions)
    }
}
