// swift-tools-version:6.2
import PackageDescription

// One target per room of the architecture; the arrows between rooms are the
// `dependencies` below and nothing else. The engine (llama.cpp) is found through
// pkg-config as `roost-engine`: `make engine` builds it and the Makefile sets
// PKG_CONFIG_PATH. `eval "$(make -s env)"` does the same for a shell.

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: swiftSettings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: swiftSettings)
}

let package = Package(
    name: "roost",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Roost", targets: ["Roost"]),
        .executable(name: "roost", targets: ["RoostCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Rooms without an arrow out.
        room("Security", [.product(name: "Crypto", package: "swift-crypto")]),
        room("ModelFormats"),
        room("Sizes"),

        // Those that know of nothing but how sizes are written.
        room("Terminal", ["Sizes"]),
        room("Hardware", ["Sizes"]),

        // The C and C++ edges.
        .systemLibrary(name: "CLlama", pkgConfig: "roost-engine"),
        .target(name: "LlamaBridge", dependencies: ["CLlama"]),
        .target(name: "CSandbox"),

        room(
            "ModelHubs",
            [
                "Security",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.embedInCode("Catalog/catalog.json")]),
        room(
            "Downloads",
            [
                "Security",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room(
            "RemoteEngines",
            [
                "Inference", "Security",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room("ChatHistory", [.product(name: "GRDB", package: "GRDB.swift")]),
        room("ModelStore", ["Security", "ModelFormats", .product(name: "GRDB", package: "GRDB.swift")]),
        room("Inference", ["CLlama", "Hardware", "LlamaBridge", "Security", "Sizes"]),
        room(
            "Planning", ["Hardware", "ModelFormats", "Inference", "Sizes"],
            resources: [.embedInCode("Machine/processors.json")]),
        room("Workers", ["CSandbox", "Hardware", "Inference", "Security"]),
        room(
            "Roost",
            [
                "Security", "Hardware", "ModelFormats", "ModelHubs", "Downloads", "ModelStore", "Inference", "Planning",
                "Workers", "Sizes", "RemoteEngines", "ChatHistory",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),
        room(
            "RoostServer",
            [
                "ChatHistory", "RemoteEngines", "Roost", "Security",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        room(
            "RoostCommands",
            [
                "ChatHistory", "RemoteEngines", "Roost", "RoostServer", "Security", "Terminal", "Workers",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(name: "RoostCLI", dependencies: ["RoostCommands"], swiftSettings: swiftSettings),

        // Programs beside the product.
        .executableTarget(
            name: "Quickstart", dependencies: ["Roost"], path: "Examples/Quickstart", swiftSettings: swiftSettings),
        .executableTarget(
            name: "RoostBench",
            dependencies: [
                "CLlama", "ControlGroups", "Downloads", "Hardware", "Inference", "ModelFixtures", "ModelFormats",
                "Planning", "Roost",
                "Security",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/RoostBench", swiftSettings: swiftSettings),
        .executableTarget(
            name: "BenchServer",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/BenchServer", swiftSettings: swiftSettings),
        .executableTarget(
            name: "RoostSoak",
            dependencies: [
                "ModelFixtures", "Roost", "RoostServer",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Benchmarks/RoostSoak", swiftSettings: swiftSettings),
        .executableTarget(name: "ProcessMeter", path: "Benchmarks/ProcessMeter", swiftSettings: swiftSettings),

        // Tests. ModelFixtures makes tiny models, EngineFixtures runs them, HubSimulator speaks the hubs' protocols on
        // loopback (hub-simulator is the same as a program), FaultServer is a bad network, DownloadProgram a download to
        // kill and WorkerProgram a worker, its parent, or one that lies; the rest test one room each, IntegrationTests the built binary.
        .target(
            name: "ModelFixtures", dependencies: ["ModelFormats"], path: "Tests/Support/ModelFixtures",
            swiftSettings: swiftSettings),
        .target(
            name: "EngineFixtures", dependencies: ["Inference", "ModelFixtures"], path: "Tests/Support/EngineFixtures",
            swiftSettings: swiftSettings),
        .target(name: "SystemBuffers", path: "Tests/Support/SystemBuffers", swiftSettings: swiftSettings),
        .target(name: "LoopbackSockets", path: "Tests/Support/LoopbackSockets", swiftSettings: swiftSettings),
        .target(name: "Waiting", path: "Tests/Support/Waiting", swiftSettings: swiftSettings),
        .target(
            name: "HubSimulator",
            dependencies: [
                "Security",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], path: "Tests/Support/HubSimulator", swiftSettings: swiftSettings),
        .executableTarget(
            name: "hub-simulator",
            dependencies: ["HubSimulator", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/Support/HubSimulatorProgram", swiftSettings: swiftSettings),
        .target(
            name: "FaultServer",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], path: "Tests/Support/FaultServer", swiftSettings: swiftSettings),
        .executableTarget(
            name: "DownloadProgram", dependencies: ["Downloads", "Security"], path: "Tests/Support/DownloadProgram",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "WorkerProgram", dependencies: ["CSandbox", "Inference", "Workers"],
            path: "Tests/Support/WorkerProgram",
            swiftSettings: swiftSettings),
        // Programs within limits, for tests and benchmarks.
        .target(name: "ControlGroups", path: "Tests/Support/ControlGroups", swiftSettings: swiftSettings),
        // GPUs for machines without one, in a program of their own; libggml-rpc comes with the engine, for this alone.
        .target(
            name: "RemoteDevices", dependencies: ["CLlama"], path: "Tests/Support/RemoteDevices",
            linkerSettings: [.linkedLibrary("ggml-rpc")]),
        .target(
            name: "OffloadTrial", dependencies: ["Inference", "Planning"], path: "Tests/Support/OffloadTrial",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "OffloadProgram",
            dependencies: ["Hardware", "Inference", "LoopbackSockets", "OffloadTrial", "Planning", "RemoteDevices"],
            path: "Tests/Support/OffloadProgram", swiftSettings: swiftSettings),
        tests("SecurityTests", ["Security"]),
        tests("SizesTests", ["Sizes"]),
        tests("HardwareTests", ["Hardware"], resources: [.copy("Machines")]),
        tests(
            "ModelHubsTests",
            [
                "ModelHubs", "HubSimulator", "hub-simulator", "LoopbackSockets", "Security",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], exclude: ["python"]),
        tests(
            "DownloadsTests",
            [
                "Downloads", "DownloadProgram", "FaultServer", "Security",
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        tests("ModelFormatsTests", ["ModelFormats", "ModelFixtures"]),
        tests("ModelStoreTests", ["ModelStore", "ModelFixtures", "Waiting"]),
        tests(
            "InferenceTests",
            [
                "CLlama", "EngineFixtures", "Hardware", "Inference", "LlamaBridge", "LoopbackSockets", "ModelFixtures",
                "ModelFormats", "Security", "Waiting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], exclude: ["python"]),
        tests(
            "PlanningTests",
            ["CLlama", "Hardware", "Inference", "LlamaBridge", "ModelFixtures", "ModelFormats", "Planning"],
            resources: [.copy("Shapes")]),
        tests(
            "WorkersTests",
            [
                "Workers", "WorkerProgram", "EngineFixtures", "Hardware", "Inference", "ModelFixtures", "ModelFormats",
                "Planning", "Security", "Waiting",
            ]),
        tests(
            "OffloadTests",
            [
                "EngineFixtures", "Inference", "ModelFixtures", "ModelFormats", "OffloadProgram", "OffloadTrial",
                "Planning", "WorkerProgram", "Workers",
            ]),
        tests("RoostTests", ["Roost", "HubSimulator", "ModelFixtures", "Waiting"]),
        tests(
            "RoostServerTests",
            [
                "RoostServer", "Roost", "EngineFixtures", "ModelFixtures", "HubSimulator", "Security", "ChatHistory",
                "RemoteEngines", "LoopbackSockets", "SystemBuffers", "Waiting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "RemoteEnginesTests",
            [
                "RemoteEngines", "SystemBuffers", "Waiting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        tests("ChatHistoryTests", ["ChatHistory"]),
        tests("RoostCommandsTests", ["RoostCommands", "Roost", "Security", "Terminal", "ModelFixtures"]),
        tests("TerminalTests", ["Terminal"]),
        tests(
            "IntegrationTests",
            [
                "ControlGroups", "HubSimulator", "ModelFixtures", "ModelFormats", "ModelStore", "Security", "Waiting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], exclude: ["python"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
