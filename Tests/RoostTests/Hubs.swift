import Foundation
import HubSimulator
import ModelFixtures
import Roost

/// A manager whose hubs are simulated and whose person has a home folder of its own.
struct Hubs {
    let manager: ModelManager
    let home: URL
    let huggingFace: HuggingFaceSimulator
    let ollama: OllamaSimulator

    /// Runs `body` with simulated hubs.
    static func run(
        _ repositories: [SimulatedRepository] = [], library: [String: [SimulatedLayer]] = [:],
        environment: [String: String] = [:], behaviour: HuggingFaceSimulator.Behaviour = .init(),
        _ body: (Hubs) async throws -> Void
    ) async throws {
        let home = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "roost-hubs-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        try await HuggingFaceSimulator.run(repositories, behaviour: behaviour) { huggingFace in
            try await OllamaSimulator.run(library) { ollama in
                var variables = [
                    "HF_ENDPOINT": huggingFace.hub.address, "ROOST_OLLAMA_REGISTRY": ollama.registry.address,
                    "OLLAMA_MODELS": home.path + "/ollama/models", "HF_HOME": home.path + "/huggingface",
                    "XDG_CACHE_HOME": home.path + "/cache", "ROOST_HOME": home.path + "/roost",
                ]
                variables.merge(environment) { $1 }
                let manager = try await ModelManager(configuration: .fromEnvironment(variables))
                try await body(Hubs(manager: manager, home: home, huggingFace: huggingFace, ollama: ollama))
                await manager.shutdown()
            }
        }
    }

    /// Writes a model into the cache of Hugging Face's tools, named for the content that it claims to be; its file.
    func writeCache(_ bytes: [UInt8], claiming digest: Digest) throws -> URL {
        let folder = home.appending(path: "huggingface/hub/models--other--copy")
        let blob = folder.appending(path: "blobs/" + digest.hexadecimal)
        let snapshot = folder.appending(path: "snapshots/" + String(digest.hexadecimal.prefix(40)))
        for folder in [blob.deletingLastPathComponent(), snapshot] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        try Data(bytes).write(to: blob)
        try FileManager.default.createSymbolicLink(
            atPath: snapshot.path + "/copy.gguf", withDestinationPath: "../../blobs/" + digest.hexadecimal)
        return blob
    }

    /// Requests for contents that the storage answered.
    var storageRequestCount: Int { huggingFace.storage.requests.count + ollama.storage.requests.count }
}

extension SimulatedFile {
    /// A file with these bytes.
    init(_ path: String, bytes: [UInt8]) {
        self.init(path, .bytes(bytes), digest: Digest.of(bytes), isLarge: true)
    }
}

extension SimulatedLayer {
    /// A layer with these bytes.
    init(_ kind: String, bytes: [UInt8]) {
        self.init(kind, "")
        self.bytes = bytes
    }
}
