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
        return (0..<ggml_backend_dev_count()).compactMap { ggml_backend_dev_get($0).map { EngineDevice($0) } }
    }

    /// The GPUs that a model is spread over when its options name none, in the engine's order; none where it has no GPU.
    public static var graphics: [EngineDevice] { devices.preferredGraphics }

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
}
