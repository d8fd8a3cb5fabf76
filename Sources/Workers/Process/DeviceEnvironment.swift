import Foundation

/// What a worker has of this process's environment: which GPUs there are, and in what order. Without it the engine would
/// number them in another way than here, where the plan was made.
enum DeviceEnvironment {
    /// Variables that the drivers and the engine read for that; none of them can hold a secret.
    private static let names = [
        "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
        "HSA_OVERRIDE_GFX_VERSION", "GGML_VK_VISIBLE_DEVICES", "VK_DRIVER_FILES", "VK_ICD_FILENAMES",
    ]

    /// As `name=value`.
    static func entries(of environment: [String: String] = ProcessInfo.processInfo.environment) -> [String] {
        names.compactMap { name in environment[name].map { "\(name)=\($0)" } }
    }
}
