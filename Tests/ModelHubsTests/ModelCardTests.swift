import Foundation
import HubSimulator
import ModelHubs
import Testing

@Suite("What is written about a model")
struct ModelCardTests {
    static let repository: SimulatedRepository = {
        var repository = SimulatedRepository(
            "u/m-GGUF",
            files: [
                SimulatedFile("README.md", "---\nlicense: other\n---\n\n# M\n\nA model.\n", isLarge: false),
                SimulatedFile("LICENSE.md", "You may.", isLarge: false), SimulatedFile("m-Q8_0.gguf", "weights"),
            ])
        repository.card = [
            ("license", "other"), ("license_name", "u-licence"), ("license_link", "LICENSE.md"),
            ("base_model", "u/m"), ("language", "en"), ("pipeline_tag", "text-generation"),
        ]
        repository.gguf = SimulatedGGUFFacts(total: 7, architecture: "llama", contextLength: 512)
        return repository
    }()

    @Test("a repository's card has its header, its text and its licence")
    func huggingFace() async throws {
        try await HubFixture.huggingFace([Self.repository]) { hub, simulator, _ in
            let card = try await hub.modelCard(of: HubFixture.reference("hf.co/u/m-GGUF"))
            #expect(card.license == "other")
            #expect(card.licenseName == "u-licence")
            #expect(card.licenseLink == "LICENSE.md")
            #expect(card.baseModels == ["u/m"])
            #expect(card.languages == ["en"])
            #expect(card.pipeline == "text-generation")
            #expect(card.architecture == "llama")
            #expect(card.contextLength == 512)
            #expect(card.text == "# M\n\nA model.\n")
            #expect(card.licenseText == "You may.")
            #expect(card.page == simulator.hub.address + "/u/m-GGUF")
            // Texts are those of the commit that the facts are of.
            #expect(simulator.hub.requests.contains { $0.uri.contains("/resolve/\(Self.repository.commit)/README.md") })
        }
    }

    @Test("a gated repository's card shows its facts without its texts")
    func gated() async throws {
        var repository = Self.repository
        repository.gate = "manual"
        try await HubFixture.huggingFace([repository]) { hub, _, _ in
            let card = try await hub.modelCard(of: HubFixture.reference("hf.co/u/m-GGUF"))
            #expect(card.isGated)
            #expect(card.license == "other")
            #expect(card.text == nil)
            #expect(card.licenseText == nil)
        }
    }

    @Test("a library model's card has the facts of its configuration and the licence's text")
    func ollama() async throws {
        let layers = [
            SimulatedLayer("model", "w"), SimulatedLayer("license", "One."), SimulatedLayer("license", "Two."),
        ]
        try await OllamaSimulator.run(["library/m:latest": layers]) { ollama in
            try await HubFixture.run { transport, _ in
                let address = ollama.registry.address
                let registry = OllamaRegistry(transport: transport) { _ in address }
                let card = try await registry.modelCard(of: HubFixture.reference("ollama.com/library/m"))
                #expect(card.architecture == "llama")
                #expect(card.parameters == "1.1B")
                #expect(card.licenseText == "One.\n\nTwo.")
                #expect(card.page == "https://ollama.com/library/m")
            }
        }
    }

    @Test("a small file is read whole and held to its digest and size")
    func content() async throws {
        let layers = [SimulatedLayer("model", "w"), SimulatedLayer("template", "{{ .Prompt }}")]
        try await OllamaSimulator.run(["library/m:latest": layers]) { ollama in
            try await HubFixture.run { transport, _ in
                let address = ollama.registry.address
                let registry = OllamaRegistry(transport: transport) { _ in address }
                let model = try await registry.resolve(HubFixture.reference("ollama.com/library/m"))
                var template = try #require(model.files.last)
                #expect(template.role == .template)
                let finder = ModelFinder(catalog: Catalog(version: "1", entries: []), hubs: [registry])
                let text = try await finder.content(of: template)
                #expect(String(decoding: text, as: UTF8.self) == "{{ .Prompt }}")
                let tooLong = await failure { try await finder.content(of: template, upTo: 5) }
                #expect(tooLong?.description.contains("it is longer than") == true)
                template.digest = layers[0].digest
                template.byteCount = nil
                let other = await failure { try await finder.content(of: template) }
                #expect(other?.description.contains("SHA-256") == true)
            }
        }
    }
}
