import CLlama

/// A processor that the engine can compute on.
public struct EngineDevice: Sendable, Hashable, Codable {
    /// What kind of processor it is.
    public enum Kind: String, Sendable, Hashable, Codable {
        case cpu, gpu, integratedGPU, accelerator
    }

    /// The engine's short name, such as `CPU` or `CUDA0`.
    public var name: String
    /// What it is, such as the processor's name.
    public var title: String
    /// What kind of processor it is.
    public var kind: Kind
    /// The part of the engine that drives it, such as `CPU`, `CUDA`, `Vulkan` or `MTL`.
    public var backend: String
    /// Its place on the bus in lower case, `0000:01:00.0`, as `GraphicsProcessor.busAddress` has it; `nil` where the
    /// engine does not know.
    public var busAddress: String?
    /// Bytes free now, as the device reports them.
    public var freeByteCount: Int64
    /// Bytes in all, as the device reports them.
    public var totalByteCount: Int64

    /// A device of these values.
    public init(
        name: String, title: String, kind: Kind, backend: String, busAddress: String? = nil, freeByteCount: Int64,
        totalByteCount: Int64
    ) {
        self.name = name
        self.title = title
        self.kind = kind
        self.backend = backend
        self.busAddress = busAddress
        self.freeByteCount = freeByteCount
        self.totalByteCount = totalByteCount
    }

    /// Whether layers can be put on it.
    public var isGraphics: Bool { kind == .gpu || kind == .integratedGPU }
}

extension EngineDevice {
    init(_ device: ggml_backend_dev_t) {
        var properties = ggml_backend_dev_props()
        ggml_backend_dev_get_props(device, &properties)
        name = Self.text(properties.name)
        title = Self.text(properties.description)
        kind = Kind(properties.type)
        backend = Self.text(ggml_backend_dev_backend_reg(device).flatMap { ggml_backend_reg_name($0) })
        busAddress = properties.device_id.map { String(cString: $0).lowercased() }
        // The engine calls all of the machine's memory free.
        let free = kind == .cpu ? HostFacts.availableByteCount : nil
        freeByteCount = free ?? Int64(clamping: properties.memory_free)
        totalByteCount = Int64(clamping: properties.memory_total)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
}

extension EngineDevice.Kind {
    init(_ type: ggml_backend_dev_type) {
        switch type {
        case GGML_BACKEND_DEVICE_TYPE_GPU: self = .gpu
        case GGML_BACKEND_DEVICE_TYPE_IGPU: self = .integratedGPU
        case GGML_BACKEND_DEVICE_TYPE_CPU: self = .cpu
        default: self = .accelerator
        }
    }
}

extension [EngineDevice] {
    /// Those of them that the engine puts layers on when nobody names any: every GPU once, also when two of its parts
    /// can drive it; integrated ones, all of one part, where there is no other.
    public var preferredGraphics: [EngineDevice] {
        // The engine's own order: those of other machines come first, which is nearest to the input.
        let remote = filter { $0.kind == .gpu && $0.backend == "RPC" }
        var cards: [EngineDevice] = []
        for device in self where device.kind == .gpu && device.backend != "RPC" {
            if let address = device.busAddress, cards.contains(where: { $0.busAddress == address }) { continue }
            cards.append(device)
        }
        let integrated = filter { $0.kind == .integratedGPU }
        return remote + (cards.isEmpty ? integrated.filter { $0.backend == integrated.first?.backend } : cards)
    }
}
