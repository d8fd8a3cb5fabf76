public import Foundation

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

    /// What was measured with one type on one device.
    public func kernel(_ type: String, on device: String) -> KernelMeasurement? {
        kernels.first { $0.device == device && $0.type == type }
    }
}
