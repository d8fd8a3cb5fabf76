import Foundation
import HubSimulator
import ModelHubs
import Security
import Testing

@Suite("From a text to files")
struct ModelFinderTests {
    static let weights = SimulatedFile("m-Q8_0.gguf", "weights")

    static func catalog(
        digest: Digest = ModelFinderTests.weights.digest, byteCount: Int = 7,
        sources: String = "\"hf.co/gone/m:Q8_0\",\"hf.co/u/m-GGUF:Q8_0\""
    ) throws -> Catalog {
        let entry = { (name: String) in
            """
            {"names":["\(name)","fam"],"title":"M","description":"d","parameters":"1B","quantization":"Q8_0","license":"mit",
            "tier":"minimal","tags":[],"byteCount":\(byteCount),"sha256":"\(digest.hexadecimal)","sources":[\(sources)]}
            """
        }
        let text = "{\"schema\":1,\"version\":\"1\",\"models\":[\(entry("m:1b")),\(entry("m:2b"))]}"
        return try Catalog(json: Data(text.utf8), source: "test")
    }

    static func run(_ catalog: Catalog, _ body: (ModelFinder) async throws -> Void) async throws {
        let repositories = [
            SimulatedRepository("u/m-GGUF", files: [weights]), SimulatedRepository("both/x", files: [weights]),
        ]
        let library = [
            "library/libmodel:latest": [SimulatedLayer("model", "w")], "both/x:latest": [SimulatedLayer("model", "w")],
        ]
        try await HubFixture.huggingFace(repositories) { hub, _, _ in
            try await OllamaSimulator.run(library) { ollama in
                try await HubFixture.run(attempts: 1) { transport, _ in
                    let address = ollama.registry.address
                    try await body(
                        ModelFinder(
                            parser: ModelReferenceParser(fileExists: { _ in false }), catalog: catalog,
                            hubs: [hub, OllamaRegistry(transport: transport) { _ in address }, LocalHub()]))
                }
            }
        }
    }

    @Test("a catalog's name is got from its first source that answers, and keeps its name and licence")
    func fromCatalog() async throws {
        try await Self.run(Self.catalog()) { finder in
            let model = try await finder.resolve("M:1b")
            #expect(model.name == "m:1b")
            #expect(model.license == "mit")
            #expect(model.hub == .huggingFace)
            #expect(model.weights.first?.digest == Self.weights.digest)
        }
    }

    @Test("a source with other content than the catalog says is refused, and both are named")
    func otherContent() async throws {
        let other = Digest.of([0])
        try await Self.run(Self.catalog(digest: other)) { finder in
            let error = await failure { try await finder.resolve("m:1b") }
            #expect(
                error
                    == .pinMismatch(
                        name: "m:1b", fact: "SHA-256", expected: other.hexadecimal,
                        found: Self.weights.digest.hexadecimal))
        }
        try await Self.run(Self.catalog(byteCount: 8)) { finder in
            let error = await failure { try await finder.resolve("m:1b") }
            #expect(error == .pinMismatch(name: "m:1b", fact: "size in bytes", expected: "8", found: "7"))
        }
    }

    @Test("a family's name is answered with its members, an unknown name with near ones")
    func choices() async throws {
        try await Self.run(Self.catalog()) { finder in
            #expect(
                await failure { try await finder.resolve("fam") } == .ambiguous(text: "fam", choices: ["m:1b", "m:2b"]))
            #expect(
                await failure { try await finder.resolve("n:1b") }
                    == .unknownModel(text: "n:1b", suggestions: ["m:1b"]))
        }
    }

    @Test("a name that the catalog does not know is looked up in Ollama's library")
    func library() async throws {
        try await Self.run(Self.catalog()) { finder in
            let model = try await finder.resolve("libmodel")
            #expect(model.hub == .ollama)
        }
    }

    @Test("a text with two readings is the one that exists, and the choices when both do")
    func readings() async throws {
        try await Self.run(Self.catalog()) { finder in
            let model = try await finder.resolve("u/m-GGUF")
            #expect(model.name == "hf.co/u/m-GGUF:Q8_0")
            #expect(
                await failure { try await finder.resolve("both/x") }
                    == .ambiguous(text: "both/x", choices: ["hf.co/both/x", "ollama.com/both/x:latest"]))
            #expect(
                await failure { try await finder.resolve("no/such") }
                    == .unknownModel(text: "no/such", suggestions: []))
        }
    }
}
