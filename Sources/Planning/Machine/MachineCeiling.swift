public import Foundation

/// Measured limits of a machine: how fast its devices read weights and multiply matrices, with the engine's own kernels.
public struct MachineCeiling: Sendable, Hashable, Codable {
    /// One device with one type of weights.
    public struct Kernel: Sendable, Hashable, Codable {
        /// The engine's name of the device: `CPU`, `CUDA0`.
        public var device: String
        /// The type of the weights by GGML's name: `Q4_K`, `F16`.
        public var type: String
        /// Bytes of weights that a matrix times a vector reads in a second.
        public var bytesPerSecond: Double
        /// Operations in a second of a matrix times a matrix, a multiplication and an addition counted as two.
        public var flopsPerSecond: Double

        /// A measured kernel.
        public init(device: String, type: String, bytesPerSecond: Double, flopsPerSecond: Double) {
            self.device = device
            self.type = type
            self.bytesPerSecond = bytesPerSecond
            self.flopsPerSecond = flopsPerSecond
        }
    }

    /// What was measured.
    public var kernels: [Kernel]
    /// When.
    public var measuredAt: Date
    /// The build of the engine.
    public var engine: String
    /// Threads of the CPU that computed.
    public var threadCount: Int

    /// Limits that were measured.
    public init(kernels: [Kernel], measuredAt: Date, engine: String, threadCount: Int) {
        self.kernels = kernels
        self.measuredAt = measuredAt
        self.engine = engine
        self.threadCount = threadCount
    }

    /// The kernel for a type on a device; where that type was not measured, the slowest of the others, which promises
    /// least.
    func kernel(device: String, type: String) -> Kernel? {
        let own = kernels.filter { $0.device == device && $0.bytesPerSecond > 0 }
        return own.first { $0.type == type } ?? own.min { $0.bytesPerSecond < $1.bytesPerSecond }
    }
}
