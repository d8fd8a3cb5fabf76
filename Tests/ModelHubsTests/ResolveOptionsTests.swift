import Foundation
import HubSimulator
import ModelHubs
import Testing

@Suite("Wishes beside a model's name")
struct ResolveOptionsTests {
    static let repository: SimulatedRepository = {
        var repository = SimulatedRepository(
            "u/m-GGUF",
            files: [
                SimulatedFile("m-Q4_K_M.gguf", "four"), SimulatedFile("m-Q8_0.gguf", "weights"),
                SimulatedFile("m-F16.gguf", "half"),
            ])
        repository.branches = ["old"]
        return repository
    }()

    static func run(_ body: (ModelFinder, HuggingFaceSimulator) async throws -> Void) async throws {
        try await HubFixture.huggingFace([repository]) { hub, simulator, _ in
            let library = [
                "library/m:2b": [SimulatedLayer("model", "w")], "library/lib:latest": [SimulatedLayer("model", "w")],
            ]
            try await OllamaSimulator.run(library) { ollama in
                try await HubFixture.run(attempts: 1) { transport, _ in
                    let address = ollama.registry.address
                    let finder = ModelFinder(
                        parser: ModelReferenceParser(fileExists: { _ in false }),
                        catalog: try ModelFinderTests.catalog(),
                        hubs: [hub, OllamaRegistry(transport: transport) { _ in address }, LocalHub()])
                    try await body(finder, simulator)
                }
            }
        }
    }

    @Test("a quantization and a revision are those of the repository")
    func repositoryWishes() async throws {
        try await Self.run { finder, simulator in
            let model = try await finder.resolve(
                "hf.co/u/m-GGUF", options: ResolveOptions(revision: "old", quantization: "f16"))
            #expect(model.weights.first?.path.description == "m-F16.gguf")
            #expect(simulator.hub.requests.contains { $0.uri.hasSuffix("/revision/old") })
            let same = try await finder.resolve("hf.co/u/m-GGUF:q8_0", options: ResolveOptions(quantization: "Q8_0"))
            #expect(same.quantization == "Q8_0")
        }
    }

    @Test(
        "a wish that the name contradicts, or has no place for, is refused",
        arguments: [
            ("hf.co/u/m-GGUF:Q4_K_M", ResolveOptions(quantization: "Q8_0"), "leave one of them out"),
            ("hf.co/u/m-GGUF:m-Q4_K_M.gguf", ResolveOptions(quantization: "Q8_0"), "leave one of them out"),
            ("hf.co/u/m-GGUF@old", ResolveOptions(revision: "new"), "leave one of them out"),
            ("hf.co/u/m-GGUF", ResolveOptions(revision: "../x"), "a revision is"),
            ("hf.co/u/m-GGUF", ResolveOptions(quantization: "a b"), "a quantization is"),
            ("hf.co/u/m-GGUF", ResolveOptions(quantization: "Q2_K"), "it has “F16”, “Q4_K_M” or “Q8_0”"),
            ("ollama.com/library/lib", ResolveOptions(quantization: "Q8_0"), "write the tag"),
            ("lib", ResolveOptions(revision: "x"), "tags only"),
            ("./m.gguf", ResolveOptions(revision: "x"), "leave it out"),
            ("./m.gguf", ResolveOptions(hub: .ollama), "cannot be asked"),
            ("m:1b", ResolveOptions(hub: .ollama), "cannot be asked"),
            ("lib", ResolveOptions(hub: .huggingFace), "No model “lib”"),
        ])
    func refused(text: String, options: ResolveOptions, words: String) async throws {
        try await Self.run { finder, _ in
            let error = await failure { try await finder.resolve(text, options: options) }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("a catalog's name with another quantization is the repository's, without the entry's pin")
    func catalogWishes() async throws {
        try await Self.run { finder, _ in
            let other = try await finder.resolve("m:1b", options: ResolveOptions(quantization: "Q4_K_M"))
            #expect(other.name == "hf.co/u/m-GGUF:Q4_K_M")
            #expect(other.weights.first?.digest == Self.repository.files[0].digest)
            let own = try await finder.resolve("m:1b", options: ResolveOptions(quantization: "q8_0"))
            #expect(own.name == "m:1b")
            let old = try await finder.resolve("m:1b", options: ResolveOptions(revision: "old"))
            #expect(old.name == "hf.co/u/m-GGUF:Q8_0")
        }
    }

    @Test("a hub that was wished for is the only one asked")
    func hubWish() async throws {
        try await Self.run { finder, simulator in
            let model = try await finder.resolve("lib", options: ResolveOptions(hub: .ollama))
            #expect(model.hub == .ollama)
            #expect(simulator.hub.requests.isEmpty)
            let repository = try await finder.resolve("u/m-GGUF", options: ResolveOptions(hub: .huggingFace))
            #expect(repository.hub == .huggingFace)
            #expect(repository.repository == "u/m-GGUF")
        }
    }
}
