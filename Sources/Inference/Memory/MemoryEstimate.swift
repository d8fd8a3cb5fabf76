/// What a load will take, part by part, in bytes.
///
/// Computed prompts that are kept beside the KV cache (``LoadOptions/prefixByteLimit``) come on top as they are made.
public struct MemoryEstimate: Sendable, Hashable, Codable {
    /// What each device gives, the host first.
    public var devices: [DeviceMemory]
    /// Pages of the files that stay mapped, in the page cache; 0 without a memory map.
    public var mappedByteCount: Int64
    /// Weights that the CPU's back end keeps in a form of its own, as anonymous memory; part of the host's weights.
    public var repackedByteCount: Int64
    /// The logits of a batch, which the engine keeps apart.
    public var outputByteCount: Int64
    /// The process itself, its tables of the vocabulary, lists of cells, and what the CPU's back end computes with.
    public var overheadByteCount: Int64
    /// Pages of the files that are mapped only while the weights are loaded.
    public var loadingByteCount: Int64
    /// The projector's weights and buffers in the host's memory.
    public var projectorByteCount: Int64
    /// The part of the computation and the output that is touched only when speculation proposes as many tokens at once
    /// as it may, which takes a text that repeats itself.
    public var speculationByteCount: Int64

    /// The parts of an estimate.
    public init(
        devices: [DeviceMemory], mappedByteCount: Int64, repackedByteCount: Int64, outputByteCount: Int64,
        overheadByteCount: Int64, loadingByteCount: Int64 = 0, projectorByteCount: Int64 = 0,
        speculationByteCount: Int64 = 0
    ) {
        self.devices = devices
        self.mappedByteCount = mappedByteCount
        self.repackedByteCount = repackedByteCount
        self.outputByteCount = outputByteCount
        self.overheadByteCount = overheadByteCount
        self.loadingByteCount = loadingByteCount
        self.projectorByteCount = projectorByteCount
        self.speculationByteCount = speculationByteCount
    }

    /// What is in the host's memory.
    public var host: DeviceMemory {
        devices.first { $0.isHost } ?? DeviceMemory(device: "CPU", isHost: true)
    }

    /// Bytes of the process that loads the model, mapped pages of its files included (Linux: RssAnon + RssFile +
    /// RssShmem), when most of them are taken: its context full, a whole micro-batch computed, and as many tokens
    /// proposed as may be.
    public var processByteCount: Int64 { residentByteCount(computing: computingByteCount) }

    /// The same when few tokens are proposed at once, or none: what a process takes that answers ordinary texts.
    public var usualByteCount: Int64 {
        residentByteCount(computing: max(0, computingByteCount - speculationByteCount))
    }

    /// What the process takes of the host's memory beside what the engine accounts for on its devices.
    public var besideByteCount: Int64 { outputByteCount + overheadByteCount + projectorByteCount }

    private var computingByteCount: Int64 { host.contextByteCount + host.computeByteCount + outputByteCount }

    /// A mapped file has its weights, but for those that were repacked.
    private var anonymousWeightsByteCount: Int64 {
        mappedByteCount + loadingByteCount > 0 ? repackedByteCount : host.weightsByteCount
    }

    private func residentByteCount(computing: Int64) -> Int64 {
        overheadByteCount + mappedByteCount + projectorByteCount + anonymousWeightsByteCount
            + max(computing, loadingByteCount)
    }
}
