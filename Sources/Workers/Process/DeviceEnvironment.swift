import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the environment says of GPUs to a worker, which has nothing else of it.
enum DeviceEnvironment {
    /// Which GPUs there are, and in what order, as drivers and engine read it; none of them can hold a secret. Without them
    /// a worker would number its GPUs in another way than its parent, where the plan was made.
    private static let names = [
        "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
        "HSA_OVERRIDE_GFX_VERSION", "GGML_VK_VISIBLE_DEVICES", "VK_DRIVER_FILES", "VK_ICD_FILENAMES",
    ]

    /// What a worker gets, as `name=value`.
    static func entries(of environment: [String: String] = ProcessInfo.processInfo.environment) -> [String] {
        names.compactMap { name in environment[name].map { "\(name)=\($0)" } }
    }

    /// Tells drivers not to look for a folder of their own: without a home they ask the system's user database by a
    /// connection that ends a locked process, and they could write nothing there. Before there are threads.
    static func forgoCaches() {
        setenv("HOME", "/", 0)
        setenv("MESA_SHADER_CACHE_DISABLE", "true", 0)
    }

    /// Keeps the engine from starting drivers of GPUs: their threads would go on in a locked process, and open files at
    /// any time, which ends it. Before the engine starts.
    static func forgoGraphics() {
        setenv("GGML_DISABLE_VULKAN", "1", 1)
        for name in ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"] { setenv(name, "", 1) }
    }
}
