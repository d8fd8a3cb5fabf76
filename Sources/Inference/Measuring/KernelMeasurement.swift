public import Foundation
public import Hardware

/// How fast the engine's own kernels are on one device with weights of one type.
public struct KernelMeasurement: Sendable, Hashable, Codable {
    /// The engine's name of the device, such as `CPU` or `CUDA0`.
    public var device: String
    /// The type of the weights, such as `Q4_K` or `F16`.
    public var type: String
    /// The engine's name of the memory that it keeps such weights in there, such as `CPU_REPACK`.
    public var place: String
    /// Bytes of weights that were multiplied one after the other, more than caches hold.
    public var workingSetByteCount: Int64
    /// Weights read in a second by multiplying with one vector, which bounds decoding.
    public var bytesPerSecond: KernelProbes
    /// Floating-point operations in a second when multiplying with 512 vectors, which bounds reading prompts.
    public var flopsPerSecond: KernelProbes
}

/// Several probes of one limit. The best counts: what disturbs a probe only ever makes it slower.
public struct KernelProbes: Sendable, Hashable, Codable {
    /// The fastest.
    public var best: Double
    /// The one in the middle.
    public var median: Double
    /// How many there were.
    public var count: Int

    /// Takes over the other's if those were better.
    mutating func take(_ other: KernelProbes) { if other.best > best { self = other } }
}

/// The limits of this machine, measured.
public struct MachineMeasurement: Sendable, Hashable, Codable {
    /// What was measured, device by device.
    public var kernels: [KernelMeasurement]
    /// Bytes that all threads together read from memory in a second, without the engine; `nil` where it failed.
    public var memoryBytesPerSecond: KernelProbes?
    /// Threads that computed.
    public var threadCount: Int
    /// The engine's ``Engine/build``.
    public var engine: String
    /// When it began.
    public var measuredAt: Date
    /// Seconds that it took.
    public var seconds: Double
    /// The part of all processors' time that others used just before, 0…1; `nil` when unknown.
    public var loadBefore: Double?
    /// Whether the machine had other work, so that its limits may be higher.
    public var wasBusy: Bool?
    /// How fast a model's file was read past the page cache; `nil` when none was.
    public var diskRead: DiskReadSpeed?

    /// Whether others used the processors, or probes of one kernel differ more than a quiet machine's do.
    var looksBusy: Bool {
        (loadBefore ?? 0) > MachineLoad.quiet
            || kernels.contains { kernel in
                [kernel.bytesPerSecond, kernel.flopsPerSecond].contains { $0.best > 3 * $0.median }
            }
    }

    /// Several measurements of one machine and engine as one, the newest first: the best of each kernel, for other work
    /// only ever makes it slower. `nil` of none.
    public static func best(of measurements: [MachineMeasurement]) -> MachineMeasurement? {
        guard var result = measurements.first else { return nil }
        for other in measurements.dropFirst() {
            for kernel in other.kernels {
                let place = result.kernels.firstIndex { $0.device == kernel.device && $0.type == kernel.type }
                guard let place else {
                    result.kernels.append(kernel)
                    continue
                }
                result.kernels[place].bytesPerSecond.take(kernel.bytesPerSecond)
                result.kernels[place].flopsPerSecond.take(kernel.flopsPerSecond)
            }
            if let memory = other.memoryBytesPerSecond {
                if result.memoryBytesPerSecond == nil { result.memoryBytesPerSecond = memory }
                result.memoryBytesPerSecond?.take(memory)
            }
            result.diskRead = result.diskRead ?? other.diskRead
        }
        result.wasBusy = measurements.allSatisfy { $0.wasBusy ?? false }
        return result
    }
}
