import Foundation
import Roost
import Testing

@Suite("Configuration")
struct RoostConfigurationTests {
    @Test("Without settings, only this machine can reach the server and the defaults hold")
    func defaults() throws {
        let configuration = try RoostConfiguration.fromEnvironment([:])
        #expect(configuration.listenHost == "127.0.0.1")
        #expect(configuration.listenPort == 11535)
        #expect(configuration.keepAlive == .after(.seconds(300)))
        #expect(configuration.load.contextLength == nil)
    }

    @Test("Settings are read from the environment")
    func environment() throws {
        let configuration = try RoostConfiguration.fromEnvironment([
            "ROOST_HOME": "/somewhere/roost", "ROOST_HOST": "localhost:8080", "ROOST_KEEP_ALIVE": "10m",
            "ROOST_CONTEXT_LENGTH": "4096", "ROOST_NUM_THREADS": "3", "ROOST_MAX_LOADED_MODELS": "2",
        ])
        #expect(configuration.homeDirectory.path == "/somewhere/roost")
        #expect(configuration.listenHost == "localhost")
        #expect(configuration.listenPort == 8080)
        #expect(configuration.keepAlive == .after(.seconds(600)))
        #expect(configuration.load.contextLength == 4096)
        #expect(configuration.load.threadCount == 3)
        #expect(configuration.maximumLoadedModels == 2)
    }

    @Test("What models may take, and how they are run, is read from the environment")
    func models() throws {
        let configuration = try RoostConfiguration.fromEnvironment([
            "ROOST_MAX_RAM_USAGE": "80%", "ROOST_PREFIX_CACHE": "256MiB", "ROOST_PARALLEL_REQUESTS": "16",
            "ROOST_SPECULATION": "false", "ROOST_ALLOW_UNSANDBOXED": "1", "ROOST_PINNED_MODELS": "gemma3, qwen3:4b",
            "ROOST_GPU_MEMORY_USAGE": "90%", "ROOST_PREFER_GPU": "no",
            "ROOST_WORKER": "/usr/bin/roost", "ROOST_DRAFT_MODELS": "qwen3:8b=qwen3:0.6b, a = b",
        ])
        #expect(configuration.memoryLimit == .share(0.8))
        #expect(configuration.graphicsMemoryLimit == .share(0.9))
        #expect(!configuration.prefersGraphics)
        #expect(configuration.load.prefixByteLimit == 256 << 20)
        #expect(configuration.load.parallelRequestCount == 16)
        #expect(!configuration.load.speculation)
        #expect(configuration.allowsUnsandboxed)
        #expect(configuration.pinnedModels == ["gemma3", "qwen3:4b"])
        #expect(configuration.workerExecutable?.path == "/usr/bin/roost")
        #expect(configuration.draftModels == ["qwen3:8b": "qwen3:0.6b", "a": "b"])
        for wrong in ["a", "a=", "=b", "a=b=c", "a=b,a=c"] {
            #expect(throws: RoostError.self) { try RoostConfiguration.fromEnvironment(["ROOST_DRAFT_MODELS": wrong]) }
        }
        let defaults = try RoostConfiguration.fromEnvironment([:])
        #expect(defaults.memoryLimit == .available)
        #expect(defaults.graphicsMemoryLimit == .available)
        #expect(defaults.prefersGraphics)
        #expect(defaults.load == LoadOptions())
        #expect(defaults.workerExecutable == nil)
        #expect(try RoostConfiguration.fromEnvironment(["ROOST_PREFIX_CACHE": "0"]).load.prefixByteLimit == 0)
    }

    @Test("Who may call the server is read, origins each exactly")
    func access() throws {
        let configuration = try RoostConfiguration.fromEnvironment([
            "ROOST_ALLOWED_HOSTS": "models.example, box.lan", "ROOST_REQUIRE_KEYS": "true",
            "ROOST_ALLOWED_ORIGINS": "https://chat.example,http://localhost:3000",
            "OLLAMA_ORIGINS": "https://other.example",
        ])
        #expect(configuration.allowedHosts == ["models.example", "box.lan"])
        #expect(configuration.allowedOrigins == ["https://chat.example", "http://localhost:3000"])
        #expect(configuration.requiresKeys == true)
        let ollama = try RoostConfiguration.fromEnvironment([
            "OLLAMA_ORIGINS": "*,https://chat.example,http://localhost:*"
        ])
        #expect(ollama.allowedOrigins == ["https://chat.example"])
        #expect(ollama.ignoredOrigins == ["*", "http://localhost:*"])
        let defaults = try RoostConfiguration.fromEnvironment([:])
        #expect(defaults.allowedHosts.isEmpty && defaults.allowedOrigins.isEmpty && defaults.requiresKeys == nil)
    }

    @Test(
        "Addresses are read in the usual forms",
        arguments: [
            ("0.0.0.0", "0.0.0.0", 1), ("example:80", "example", 80), (":99", "h", 99), ("[::1]:5", "::1", 5),
            ("[::1]", "::1", 1), ("::1", "::1", 1), ("http://localhost:7/", "localhost", 7),
        ])
    func addresses(text: String, host: String, port: Int) throws {
        let address = try RoostConfiguration.address(text, setting: "X", defaults: ("h", 1))
        #expect(address == (host, port))
    }

    @Test(
        "A setting that cannot be read is refused with its name and value",
        arguments: [
            ("ROOST_HOST", "localhost:70000"), ("ROOST_HOST", "a b"), ("ROOST_HOST", "host:port"),
            ("ROOST_KEEP_ALIVE", "soon"), ("ROOST_CONTEXT_LENGTH", "many"), ("ROOST_CONTEXT_LENGTH", "-5"),
            ("ROOST_NUM_THREADS", "0"), ("ROOST_MAX_RAM_USAGE", "lots"), ("ROOST_MAX_RAM_USAGE", "120%"),
            ("ROOST_PREFIX_CACHE", "80%"), ("ROOST_PARALLEL_REQUESTS", "257"), ("ROOST_SPECULATION", "perhaps"),
            ("ROOST_ALLOW_UNSANDBOXED", "2"), ("ROOST_GPU_MEMORY_USAGE", "half"), ("ROOST_PREFER_GPU", "maybe"),
            ("ROOST_ALLOWED_ORIGINS", "*"), ("ROOST_ALLOWED_ORIGINS", "null"), ("ROOST_REQUIRE_KEYS", "sometimes"),
        ])
    func refused(name: String, value: String) throws {
        let error = try #require(throws: RoostError.self) {
            try RoostConfiguration.fromEnvironment([name: value])
        }
        #expect("\(error)".contains(name))
        #expect("\(error)".contains(value))
    }
}
