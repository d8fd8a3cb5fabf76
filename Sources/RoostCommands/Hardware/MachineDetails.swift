import Foundation
import Roost
import Terminal

/// What `roost hardware` prints of a machine.
struct MachineDetails {
    let machine: Machine
    /// How fast models are read from the disk, once that was measured.
    var diskRead: DiskReadSpeed?

    private typealias Row = (name: String, value: String)

    /// Titled groups of names and values.
    var groups: [TitledGroup] {
        [
            TitledGroup(title: "System", rows: system), TitledGroup(title: "Processor", rows: processor),
            TitledGroup(title: "Memory", rows: memory), TitledGroup(title: "Graphics", rows: graphics),
            TitledGroup(title: "Disk", rows: machine.disks.flatMap(rows(of:))),
            TitledGroup(title: "Sensors", rows: sensors), TitledGroup(title: "Models", rows: models),
        ].filter { !$0.rows.isEmpty }
    }

    private static let unknown = "unknown"

    private var system: [Row] {
        var rows: [Row] = [
            ("name", machine.operatingSystem.name ?? machine.operatingSystem.kind),
            ("kernel", machine.operatingSystem.kernel ?? Self.unknown),
        ]
        if let hypervisor = machine.environment.hypervisor { rows.append(("virtual machine", hypervisor)) }
        if let container = machine.environment.container { rows.append(("container", container)) }
        return rows
    }

    private var processor: [Row] {
        let processor = machine.processor
        var cores = Self.count(processor.coreCount, "core")
        if let fast = processor.performanceCoreCount, let slow = processor.efficiencyCoreCount {
            cores += " (\(fast) fast, \(slow) efficient)"
        }
        cores += ", " + Self.count(processor.threadCount, "thread")
        if let packages = processor.packageCount, packages > 1 { cores += ", \(packages) sockets" }
        var rows: [Row] = [
            ("name", processor.name ?? Self.unknown), ("architecture", processor.architecture), ("cores", cores),
        ]
        if processor.usableThreads.count < processor.threadCount {
            rows.append(("usable", "\(Self.count(processor.usableCoreCount, "core")), by affinity"))
        }
        if let quota = machine.limits.processorQuota {
            rows.append(("quota", "\(HumanReadable.fixed(quota, 2)) cores, by control groups"))
        }
        rows.append(
            ("instructions", processor.features.isEmpty ? Self.unknown : processor.features.joined(separator: " ")))
        rows.append(
            (
                "caches",
                processor.caches.isEmpty ? Self.unknown : processor.caches.map(Self.text).joined(separator: ", ")
            ))
        if processor.nodes.count > 1 { rows.append(("NUMA nodes", "\(processor.nodes.count)")) }
        return rows
    }

    private static func text(_ cache: CentralProcessor.Cache) -> String {
        let kind = cache.kind == .unified ? "" : cache.kind == .data ? "d" : "i"
        return "L\(cache.level)\(kind) \(cache.count) × \(cache.byteCount >> 10) KiB"
    }

    private var memory: [Row] {
        let memory = machine.memory
        var rows: [Row] = [
            ("total", bytes(memory.totalByteCount) + (memory.isUnified ? ", shared with graphics" : "")),
            ("available", bytes(memory.availableByteCount)),
        ]
        if let limit = machine.limits.memoryByteCount {
            rows.append(
                (
                    "limit",
                    "\(HumanReadable.bytes(limit)), \(bytes(machine.limits.memoryRoomByteCount)) left, by control groups"
                ))
        }
        if let swap = memory.swapByteCount {
            rows.append(
                (
                    "swap",
                    swap == 0 ? "none" : "\(HumanReadable.bytes(swap)), \(bytes(memory.freeSwapByteCount)) free"
                ))
        }
        if let count = memory.hugePageCount, count > 0 {
            rows.append(("huge pages", "\(count) of \(bytes(memory.hugePageByteCount))"))
        }
        return rows
    }

    private var graphics: [Row] {
        guard !machine.graphics.isEmpty else { return [("devices", "none found")] }
        return machine.graphics.enumerated().map { index, device in
            var parts = [device.name ?? device.maker.rawValue]
            parts.append(
                device.totalByteCount.map { "\(bytes(device.freeByteCount)) free of \(HumanReadable.bytes($0))" }
                    ?? "memory unknown")
            if device.sharesSystemMemory { parts.append("of the machine's memory") }
            if let capability = device.computeCapability { parts.append(capability) }
            if let version = device.driverVersion { parts.append("driver \(version)") }
            if let temperature = device.temperature { parts.append("\(HumanReadable.fixed(temperature, 0)) °C") }
            return ("device \(index)", parts.joined(separator: ", "))
        }
    }

    private func rows(of disk: Disk) -> [Row] {
        let size = disk.totalByteCount.map { "\(bytes(disk.freeByteCount)) free of \(HumanReadable.bytes($0))" }
        let speed = diskRead.map { [("read", "\(HumanReadable.bytes(Int64($0.bytesPerSecond)))/s, past the cache")] }
        return [
            ("folder", disk.path), ("size", size ?? Self.unknown),
            (
                "kind",
                [disk.kind.map(Self.text) ?? Self.unknown, disk.fileSystem, disk.source].compactMap { $0 }
                    .joined(separator: ", ")
            ),
        ] + (speed ?? [])
    }

    private static func text(_ kind: Disk.Kind) -> String {
        switch kind {
        case .nvme: "NVMe"
        case .solidState: "solid state"
        case .rotating: "rotating"
        case .network: "network"
        case .memory: "memory"
        case .virtual: "virtual"
        }
    }

    private var sensors: [Row] {
        guard !machine.sensors.isEmpty else { return [("readings", Self.unknown)] }
        return machine.sensors.map { ([$0.source, $0.label].compactMap { $0 }.joined(separator: " "), $0.text) }
    }

    private var models: [Row] {
        [
            ("threads", "\(machine.computeThreadCount)"),
            ("memory", bytes(machine.availableByteCount)),
        ]
    }

    private func bytes(_ count: Int64?) -> String { count.map(HumanReadable.bytes) ?? Self.unknown }

    private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

/// One line of `roost hardware --watch`.
struct MachineSampleLine {
    let text: String

    init(_ sample: MachineSample) {
        var parts = [
            "cpu " + (sample.processorUtilization.map { "\(Int(($0 * 100).rounded())) %" } ?? "-"),
            "free " + (sample.availableByteCount.map(HumanReadable.bytes) ?? "unknown"),
        ]
        if let swap = sample.usedSwapByteCount, swap > 0 { parts.append("swap \(HumanReadable.bytes(swap))") }
        for (index, device) in sample.graphics.enumerated() {
            let load = device.utilization.map { " \(Int(($0 * 100).rounded())) %" } ?? ""
            parts.append("gpu \(index)\(load) free " + (device.freeByteCount.map(HumanReadable.bytes) ?? "unknown"))
        }
        if let hottest = sample.sensors.filter({ $0.quantity == .temperature }).map(\.value).max() {
            parts.append("\(HumanReadable.fixed(hottest, 0)) °C")
        }
        if let count = sample.throttleCount, count > 0 { parts.append("throttled \(count) times") }
        text = parts.joined(separator: "  ")
    }
}

extension Sensor {
    fileprivate var text: String {
        let unit =
            switch quantity {
            case .temperature: "°C"
            case .power: "W"
            case .fan: "turns/min"
            }
        let limit = critical.map { " (critical at \(HumanReadable.fixed($0, 0)))" } ?? ""
        return "\(HumanReadable.fixed(value, quantity == .fan ? 0 : 1)) \(unit)\(limit)"
    }
}
