import Foundation
import HubSimulator
import ModelHubs
import NIOHTTP1
import Security
import Testing

@Suite("Ollama's registry")
struct OllamaRegistryTests {
    static let layers = [
        SimulatedLayer("license", "MIT"), SimulatedLayer("model", "weights"),
        SimulatedLayer("template", "{{ .Prompt }}"),
        SimulatedLayer("params", "{}"), SimulatedLayer("projector", "eyes"), SimulatedLayer("system", "Be brief."),
        SimulatedLayer("messages", "[]"), SimulatedLayer("adapter", "lora"), SimulatedLayer("embed", "unknown kind"),
    ]

    static func run(
        _ models: [String: [SimulatedLayer]],
        interrupt: @escaping @Sendable (SimulatedRequest) -> SimulatedResponse? = { _ in nil },
        _ body: (OllamaRegistry, OllamaSimulator) async throws -> Void
    ) async throws {
        try await OllamaSimulator.run(models, interrupt: interrupt) { simulator in
            try await HubFixture.run(attempts: 1) { transport, _ in
                let address = simulator.registry.address
                try await body(OllamaRegistry(transport: transport) { _ in address }, simulator)
            }
        }
    }

    @Test("a manifest's layers become files with roles, sizes and digests")
    func manifest() async throws {
        try await Self.run(["library/tiny:1b": Self.layers]) { registry, simulator in
            let model = try await registry.resolve(HubFixture.reference("tiny:1b"))
            #expect(
                model.files.map(\.role) == [
                    .model, .projector, .adapter, .template, .system, .parameters, .messages, .license,
                ])
            #expect(model.weights.first?.digest == Self.layers[1].digest)
            #expect(model.weights.first?.byteCount == 7)
            #expect(model.name == "tiny:1b")
            #expect(model.quantization == "Q4_K_M")
            #expect(model.revision == Digest.of([UInt8](OllamaSimulator.manifest(Self.layers).utf8)).description)
            #expect(
                simulator.registry.requests.first?.headers.first(name: "accept")
                    == "application/vnd.docker.distribution.manifest.v2+json")
            let location = try await registry.locate(try #require(model.weights.first))
            #expect(location.url.absoluteString.hasPrefix(simulator.storage.address))
        }
    }

    @Test("several layers of weights are the parts of one model")
    func parts() async throws {
        let layers = [SimulatedLayer("model", "one"), SimulatedLayer("model", "two")]
        try await Self.run(["user/big:latest": layers]) { registry, _ in
            let model = try await registry.resolve(HubFixture.reference("ollama.com/user/big"))
            #expect(model.weights.map(\.role) == [.shard(index: 1, count: 2), .shard(index: 2, count: 2)])
            #expect(model.weights.map(\.path.description) == ["big-00001-of-00002.gguf", "big-00002-of-00002.gguf"])
            #expect(model.name == "ollama.com/user/big:latest")
        }
    }

    @Test("a model without weights, and one of single tensors, say why they cannot be had")
    func noWeights() async throws {
        let models = [
            "library/cloud:latest": [SimulatedLayer("license", "x")],
            "library/tensors:latest": [SimulatedLayer("tensor", "x")],
        ]
        try await Self.run(models) { registry, _ in
            for (name, words) in [("cloud", "Ollama's servers"), ("tensors", "single tensors")] {
                let error = await failure { try await registry.resolve(HubFixture.reference(name)) }
                #expect(error?.description.contains(words) == true)
            }
        }
    }

    @Test("a name that is not there is not found")
    func unknown() async throws {
        try await Self.run([:]) { registry, simulator in
            #expect(
                await failure { try await registry.resolve(HubFixture.reference("nothing:7b")) }
                    == .repositoryNotFound(
                        repository: "ollama.com/library/nothing:7b", host: simulator.registry.place, hasToken: false))
        }
    }

    @Test("a registry that asks for credentials gets none, at whatever address it names")
    func realm() async throws {
        try await LoopbackServer.run({ _ in SimulatedResponse(200, text: #"{"token":"x"}"#) }) { stranger in
            let challenge = "Bearer realm=\"\(stranger.address)/token\",service=\"x\",scope=\"y\""
            try await Self.run(
                [:], interrupt: { _ in SimulatedResponse(401, headers: [("WWW-Authenticate", challenge)]) }
            ) {
                registry, _ in
                let error = await failure { try await registry.resolve(HubFixture.reference("tiny")) }
                guard case .forbidden = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(stranger.requests.isEmpty)
        }
    }

    @Test(
        "a manifest with a digest that is none, or no JSON, is refused",
        arguments: [
            #"{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:../../etc/passwd","size":1}]}"#,
            #"{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:00","size":1}]}"#,
            #"{"layers":7}"#, "[]", "",
        ])
    func hostileManifest(text: String) async throws {
        try await Self.run([:], interrupt: { _ in SimulatedResponse(200, text: text) }) { registry, _ in
            let error = await failure { try await registry.resolve(HubFixture.reference("tiny")) }
            guard case .unexpectedAnswer = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a configuration with other content than its digest says is refused")
    func alteredConfiguration() async throws {
        let digest = Digest.of([UInt8](OllamaSimulator.configuration.utf8))
        try await Self.run(
            ["library/tiny:latest": Self.layers],
            interrupt: {
                $0.uri.contains(digest.hexadecimal) ? SimulatedResponse(200, text: #"{"file_type":"F16"}"#) : nil
            }
        ) { registry, _ in
            let error = await failure { try await registry.resolve(HubFixture.reference("tiny")) }
            guard case .pinMismatch = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
