public import Foundation

/// The beginning of a model's file, up to where its weights begin, and how long the whole file is.
public struct ModelHeaderFile: Sendable, Hashable {
    /// The beginning.
    public var bytes: Data
    /// Bytes of the whole file.
    public var fileByteCount: Int64

    /// The beginning of a file.
    public init(bytes: Data, fileByteCount: Int64) {
        self.bytes = bytes
        self.fileByteCount = fileByteCount
    }
}

/// What one device gives to a model, as the engine accounts for it.
public struct DeviceMemory: Sendable, Hashable, Codable {
    /// ggml's name: `CPU`, `CUDA0`, `Vulkan0`; all that is of the host is `CPU`.
    public var device: String
    /// Whether it is the machine's own memory.
    public var isHost: Bool
    /// The weights.
    public var weightsByteCount: Int64
    /// The cache: keys, values and states.
    public var contextByteCount: Int64
    /// Buffers of the computation.
    public var computeByteCount: Int64

    /// All of it.
    public var totalByteCount: Int64 { weightsByteCount + contextByteCount + computeByteCount }

    /// What a device gives.
    public init(
        device: String, isHost: Bool, weightsByteCount: Int64, contextByteCount: Int64, computeByteCount: Int64
    ) {
        self.device = device
        self.isHost = isHost
        self.weightsByteCount = weightsByteCount
        self.contextByteCount = contextByteCount
        self.computeByteCount = computeByteCount
    }
}

/// What a load will take, part by part, in bytes.
public struct MemoryEstimate: Sendable, Hashable, Codable {
    /// Each device's part, the host first.
    public var devices: [DeviceMemory]
    /// Pages of the files that stay mapped; 0 without a memory map.
    public var mappedByteCount: Int64
    /// Weights that the CPU's back end copies into memory of its own; part of the host's weights.
    public var repackedByteCount: Int64
    /// Logits and embeddings.
    public var outputByteCount: Int64
    /// The process itself and its tables for each token of the vocabulary.
    public var overheadByteCount: Int64

    /// What the process has in memory at its peak, mapped pages of files included.
    public var processByteCount: Int64 {
        devices.filter(\.isHost).reduce(outputByteCount + overheadByteCount) { sum, host in
            let weights = mappedByteCount > 0 ? mappedByteCount + repackedByteCount : host.weightsByteCount
            return sum + weights + host.contextByteCount + host.computeByteCount
        }
    }

    /// An estimate.
    public init(
        devices: [DeviceMemory], mappedByteCount: Int64, repackedByteCount: Int64, outputByteCount: Int64,
        overheadByteCount: Int64
    ) {
        self.devices = devices
        self.mappedByteCount = mappedByteCount
        self.repackedByteCount = repackedByteCount
        self.outputByteCount = outputByteCount
        self.overheadByteCount = overheadByteCount
    }
}

/// Tells what loads will take without loading.
public protocol MemoryEstimator: Sendable {
    /// What this machine's engine would take with each of `options`.
    func estimates(of headers: [ModelHeaderFile], options: [LoadOptions]) async throws -> [MemoryEstimate]
}
