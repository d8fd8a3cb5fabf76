import Foundation
import HubSimulator
import ModelHubs
import Security
import Testing

/// The Python package `huggingface_hub` against the simulated hub: what it accepts, the hub's own clients accept. Then
/// the cache that it made is searched for models.
@Suite(.enabled(if: RealClient.python != nil, "ROOST_TEST_PYTHON_HUB is not set to a Python with huggingface_hub"))
struct RealClientTests {
    static let files = [
        ("README.md", "---\nlicense: mit\nbase_model: acme/Tiny\npipeline_tag: text-generation\n---\n# Tiny\n"),
        ("LICENSE", "Permission is hereby granted …"),
        ("tiny-Q4_K_M.gguf", String(repeating: "weights ", count: 700_001)),
        ("mmproj-tiny-F16.gguf", "a projector"),
        ("parts of it/größe-Q8_0-00001-of-00002.gguf", "first part"),
        ("parts of it/größe-Q8_0-00002-of-00002.gguf", "second part"),
    ]

    @Test(
        "the hub's own client lists, downloads, resumes and is refused as it should be; its cache is found again",
        arguments: [true, false])
    func hubClient(hasStorage: Bool) async throws {
        let folder = try TemporaryFolder()
        for (name, text) in Self.files { try folder.write("repositories/acme/Tiny-GGUF/\(name)", text) }
        try folder.write("repositories/acme/Secret-Tiny-GGUF/secret-Q8_0.gguf", "secret weights")
        try folder.write("repositories/acme/Gated-Tiny-GGUF/gated-Q8_0.gguf", "gated weights")
        var settings = HubServer.Settings()
        settings.repositories = folder.path + "/repositories"
        settings.privateRepositories = ["acme/Secret-Tiny-GGUF"]
        settings.gatedRepositories = ["acme/Gated-Tiny-GGUF"]
        settings.token = "hf_tester"
        settings.hasStorage = hasStorage
        try await HubServer.run(settings) { server in
            let facts = try folder.write("facts.json", Self.facts(server))
            let client = try await RealClient.run(
                "hub_client.py",
                environment: [
                    "HF_ENDPOINT": server.hub.address, "HF_HOME": folder.path + "/home", "ROOST_FACTS": facts,
                ])
            #expect(client.status == 0 && client.output.hasSuffix("all done\n"), "\(client.output)")
            // What goes to the storage carries no token.
            #expect(server.storage?.requests.allSatisfy { $0.token == nil } != false)
        }
        try await Self.checkDiscovery(home: folder.path + "/home")
    }

    private static func checkDiscovery(home: String) async throws {
        let paths = StorePaths(environment: ["HF_HOME": home], homeDirectory: home)
        let report = try await ModelDiscovery(paths: paths, stores: [HuggingFaceCache()]).run()
        #expect(report.problems.isEmpty, "\(report.problems)")
        #expect(
            report.models.map(\.name) == [
                "acme/Gated-Tiny-GGUF:Q8_0", "acme/Secret-Tiny-GGUF:Q8_0", "acme/Tiny-GGUF:Q4_K_M",
                "acme/Tiny-GGUF:Q8_0",
            ])
        let tiny = try #require(report.models.first { $0.name == "acme/Tiny-GGUF:Q4_K_M" })
        #expect(tiny.revision?.count == 40)
        #expect(tiny.origin?.description == "hf.co/acme/Tiny-GGUF:Q4_K_M")
        #expect(tiny.files.map(\.role) == [.model, .projector])
        for file in report.models.flatMap(\.files) {
            let content = try Data(contentsOf: URL(fileURLWithPath: file.path))
            #expect(file.claimedDigest == Digest.of([UInt8](content)), "\(file.path)")
            #expect(file.byteCount == Int64(content.count))
            // A regular file of the cache, which can be linked.
            let type = try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType
            #expect(type == .typeRegular)
        }
        let split = try #require(report.models.last)
        #expect(split.files.map(\.role) == [.shard(index: 1, count: 2), .shard(index: 2, count: 2)])
    }

    private static func facts(_ server: HubServer) throws -> String {
        let files = Dictionary(
            uniqueKeysWithValues: files.map { name, text in
                let bytes = [UInt8](text.utf8)
                return (
                    name,
                    FileFacts(
                        size: bytes.count, sha256: Digest.of(bytes).hexadecimal, large: name.hasSuffix(".gguf"))
                )
            })
        let facts = Facts(
            token: "hf_tester", files: files, secret: Digest.of([UInt8]("secret weights".utf8)).hexadecimal,
            bytesFrom: (server.storage ?? server.hub).address)
        return String(decoding: try JSONEncoder().encode(facts), as: UTF8.self)
    }

    /// What the client must find; its keys are those that the script reads.
    private struct Facts: Encodable {
        let token: String
        let files: [String: FileFacts]
        let secret: String
        let bytesFrom: String
    }

    private struct FileFacts: Encodable {
        let size: Int
        let sha256: String
        let large: Bool
    }
}

enum RealClient {
    /// The interpreter.
    static var python: String? {
        ProcessInfo.processInfo.environment["ROOST_TEST_PYTHON_HUB"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Runs a script with nothing of the person's own settings.
    static func run(
        _ script: String, environment: [String: String]
    ) async throws -> (status: Int32, output: String) {
        let python = try #require(python)
        let settings = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": environment["HF_HOME"] ?? "",
            "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DOWNLOAD_TIMEOUT": "20", "HF_HUB_ETAG_TIMEOUT": "20",
            "PYTHONUTF8": "1",
        ].merging(environment) { $1 }
        return try await withCheckedThrowingContinuation { continuation in
            // A thread of its own waits for the process.
            Thread.detachNewThread {
                continuation.resume(
                    with: Swift.Result {
                        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
                            path: "python")
                        let process = Process()
                        process.executableURL = URL(fileURLWithPath: python)
                        process.arguments = ["-B", folder.appending(path: script).path]
                        process.environment = settings
                        process.standardInput = FileHandle.nullDevice
                        let output = Pipe()
                        process.standardOutput = output
                        process.standardError = output
                        try process.run()
                        let text = output.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
                    })
            }
        }
    }
}
