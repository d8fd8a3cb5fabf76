import Testing

@testable import Workers

@Suite("A worker's environment")
struct DeviceEnvironmentTests {
    @Test("It says which GPUs there are, and nothing else")
    func entries() {
        let environment = [
            "CUDA_VISIBLE_DEVICES": "1,0", "GGML_VK_VISIBLE_DEVICES": "", "PATH": "/bin", "HOME": "/root",
            "HF_TOKEN": "secret", "LD_PRELOAD": "/tmp/library.so",
        ]
        #expect(
            DeviceEnvironment.entries(of: environment) == ["CUDA_VISIBLE_DEVICES=1,0", "GGML_VK_VISIBLE_DEVICES="])
        #expect(DeviceEnvironment.entries(of: [:]).isEmpty)
    }
}
