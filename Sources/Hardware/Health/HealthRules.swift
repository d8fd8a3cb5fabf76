import Foundation
import Sizes

/// When a sample of a machine is worth a warning.
struct HealthRules {
    /// Memory below this part of what the process may use, or below this many bytes, is little.
    private static let littleMemory = (share: 0.05, byteCount: Int64(512 << 20))
    /// Below this part models fail to load or somebody is killed.
    private static let leastMemory = (share: 0.02, byteCount: Int64(128 << 20))
    /// Bytes a second into swap space that are more than tidying up.
    private static let swapRate = Double(8 << 20)
    /// Degrees below the critical temperature.
    private static let warm = 10.0
    private static let hot = 3.0
    /// Where a sensor does not say what is critical. Processors and graphics slow down between 90 and 105.
    private static let usualCritical = 100.0
    private static let littleDisk: Int64 = 5_000_000_000
    private static let leastDisk: Int64 = 1_000_000_000
    /// A disk that is full in less than this many seconds at its present rate.
    private static let soon = 3600.0

    let sample: MachineSample
    /// An earlier one, for what can only be seen over time.
    let before: MachineSample?

    var warnings: [HealthWarning] { memory + swap + temperatures + throttling + disks }

    private var seconds: Double? {
        before.map { sample.time.timeIntervalSince($0.time) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private var memory: [HealthWarning] {
        guard let left = sample.availableByteCount else { return [] }
        func isBelow(_ bound: (share: Double, byteCount: Int64)) -> Bool {
            left < bound.byteCount || sample.usableByteCount.map { Double(left) < Double($0) * bound.share } ?? false
        }
        guard isBelow(Self.littleMemory) else { return [] }
        return [
            HealthWarning(
                kind: .memory, severity: isBelow(Self.leastMemory) ? .problem : .notice,
                message: "Only \(SizeText.text(left)) of memory are left.",
                remedy: "Unload models (“roost ps”, “roost stop NAME”), close other programs, or set max_ram_usage.")
        ]
    }

    private var swap: [HealthWarning] {
        guard let seconds, let now = sample.usedSwapByteCount, let then = before?.usedSwapByteCount,
            Double(now - then) / seconds > Self.swapRate
        else { return [] }
        return [
            HealthWarning(
                kind: .swap, severity: .problem,
                message:
                    "\(SizeText.text(now - then)) went to swap space in \(Int(seconds.rounded())) s; answers slow down.",
                remedy: "Unload a model, or take a smaller one or a shorter context.")
        ]
    }

    private var temperatures: [HealthWarning] {
        let sensors = sample.sensors.filter { $0.quantity == .temperature }.map {
            (
                name: [$0.source, $0.label].compactMap { $0 }.joined(separator: " "), value: $0.value,
                critical: $0.critical
            )
        }
        let graphics = sample.graphics.compactMap { device in
            device.temperature.map {
                (name: device.name ?? device.maker.rawValue, value: $0, critical: Double?.none)
            }
        }
        return (sensors + graphics).compactMap { sensor in
            let critical = sensor.critical.flatMap { $0 > 40 ? $0 : nil } ?? Self.usualCritical
            guard sensor.value >= critical - Self.warm else { return nil }
            return HealthWarning(
                kind: .temperature, severity: sensor.value >= critical - Self.hot ? .problem : .notice,
                subject: sensor.name,
                message:
                    "\(sensor.name) is at \(Int(sensor.value.rounded())) °C; \(Int(critical.rounded())) are critical.",
                remedy: "Clean the fans, or let fewer threads compute.")
        }
    }

    private var throttling: [HealthWarning] {
        if let state = sample.thermalState, state != .nominal, state != .fair {
            return [slowed("The system reports the thermal state “\(state.rawValue)” and runs slower.")]
        }
        guard let now = sample.throttleCount, let then = before?.throttleCount, now > then else { return [] }
        return [slowed("The processor slowed down \(now - then) times because of heat.")]
    }

    private func slowed(_ message: String) -> HealthWarning {
        HealthWarning(
            kind: .throttling, severity: .notice, message: message,
            remedy: "Cool the machine; measurements taken now are too low.")
    }

    private var disks: [HealthWarning] {
        sample.disks.compactMap { disk in
            guard let free = disk.freeByteCount, disk.kind != .memory else { return nil }
            let remedy = "Make room: “roost du” shows what takes it, “roost prune” and “roost rm” free it."
            if free < Self.littleDisk {
                return HealthWarning(
                    kind: .disk, severity: free < Self.leastDisk ? .problem : .notice, subject: disk.path,
                    message: "Only \(SizeText.text(free)) are free where \(disk.path) is.", remedy: remedy)
            }
            guard let seconds, let then = before?.disks.first(where: { $0.path == disk.path })?.freeByteCount,
                then > free
            else { return nil }
            let left = Double(free) / (Double(then - free) / seconds)
            guard left < Self.soon else { return nil }
            return HealthWarning(
                kind: .disk, severity: .notice, subject: disk.path,
                message: "At the present rate the disk of \(disk.path) is full in \(max(1, Int(left / 60))) minutes "
                    + "(\(SizeText.text(free)) left).", remedy: remedy)
        }
    }
}
