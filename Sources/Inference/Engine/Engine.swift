import CLlama
import LlamaBridge

/// llama.cpp, as it is linked into this program.
public enum Engine {
    /// llama.cpp's version, as it calls itself.
    public static var version: String { String(cString: llama_version()) }

    /// The very build: version, commit, compiler and platform. What it computed is of use to the same build only.
    public static var build: String { "\(version) \(String(cString: roost_engine_build()))" }

    /// What the engine can compute on, the CPU included; in the engine's order of preference.
    public static var devices: [EngineDevice] {
        start()
        return (0..<ggml_backend_dev_count()).compactMap { index in
            guard let device = ggml_backend_dev_get(index) else { return nil }
            var properties = ggml_backend_dev_props()
            ggml_backend_dev_get_props(device, &properties)
            let kind = EngineDevice.Kind(properties.type)
            // The engine calls all of the machine's memory free.
            let free = kind == .cpu ? HostFacts.availableByteCount : nil
            return EngineDevice(
                name: text(properties.name), title: text(properties.description), kind: kind,
                freeByteCount: free ?? Int64(clamping: properties.memory_free),
                totalByteCount: Int64(clamping: properties.memory_total))
        }
    }

    /// Starts the engine, once; every use of it goes through here first.
    static func start() { roost_engine_start() }

    /// What the engine complained about on this thread since last asked: its last line, without its own prefix.
    static func takeComplaint() -> String? {
        guard let pointer = roost_log_take() else { return nil }
        defer { roost_free(pointer) }
        let lines = String(cString: pointer).split(whereSeparator: \.isNewline)
        // The first error names the cause; what follows says only that it failed.
        return lines.first { $0.contains("rror") || $0.contains("ailed") || $0.contains("nknown") }
            .map(String.init) ?? lines.last.map(String.init)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
}

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
    /// Bytes free now, as the device reports them.
    public var freeByteCount: Int64
    /// Bytes in all, as the device reports them.
    public var totalByteCount: Int64
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
