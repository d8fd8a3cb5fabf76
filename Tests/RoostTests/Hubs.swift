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
