import Foundation
import HubSimulator
import LoopbackSockets
import Security
import Testing

@testable import ModelHubs

@Suite("Several sources of one content, and what changed at them")
struct AlternativeSourceTests {
    static let weights = SimulatedFile("m-Q8_0.gguf", "weights")

    static func finder(_ hub: HuggingFaceHub, sources: [String]) throws -> ModelFinder {
        let list = sources.map { "\"\($0)\"" }.joined(separator: ",")
        var finder = ModelFinder(
            parser: ModelReferenceParser(fileExists: { _ in false }),
            catalog: try ModelFinderTests.catalog(sources: list),
            hubs: [hub])
        // A busy machine may take longer to answer than a person waits.
        finder.patienceForAlternatives = .seconds(600)
        return finder
    }

    @Test("a catalog's further sources are further sources of the file when they state the same content")
    func catalogSources() async throws {
        let repositories = [
            SimulatedRepository("u/first", files: [Self.weights]),
            SimulatedRepository("u/other", files: [SimulatedFile("m-Q8_0.gguf", "another")]),
            SimulatedRepository("u/same", files: [Self.weights]),
        ]
        try await HubFixture.huggingFace(repositories) { hub, _, _ in
            let sources = ["hf.co/u/gone", "hf.co/u/first", "hf.co/u/other", "hf.co/u/gone2", "hf.co/u/same"]
            let finder = try Self.finder(hub, sources: sources.map { $0 + ":Q8_0" })
            let model = try await finder.resolve("m:1b")
            let places = try #require(model.weights.first).sources.map { $0.url.path.split(separator: "/")[1] }
            #expect(places == ["first", "same"])
        }
    }

    @Test("a mirror is a further source of what the hub pins, without the token; a file without digest has none")
    func mirrors() async throws {
        let repository = HuggingFaceHubTests.plain
        try await HuggingFaceSimulator.run([repository]) { main in
            try await HuggingFaceSimulator.run([repository]) { mirror in
                try await HubFixture.run { transport, _ in
                    let settings = try HuggingFaceSettings(
                        endpoint: main.hub.address, mirrors: [mirror.hub.address + "/"], token: "hf_canary")
                    let hub = HuggingFaceHub(settings: settings, transport: transport)
                    let model = try await hub.resolve(HubFixture.reference("hf.co/user/Tiny-GGUF:Q8_0"))
                    let file = try #require(model.weights.first)
                    #expect(file.sources.map { $0.credential != nil } == [true, false])
                    #expect(try #require(model.files.last).sources.count == 1)
                    let finder = ModelFinder(catalog: Catalog(version: "1", entries: []), hubs: [hub])
                    let location = try await finder.locate(file, at: file.sources[1])
                    #expect(location.url.absoluteString.hasPrefix(mirror.storage.address))
                    #expect(location.digest == file.digest)
                    #expect(mirror.hub.requests.allSatisfy { $0.token == nil })
                }
            }
        }
    }

    @Test("a mirror with other content is found out when it is asked")
    func wrongMirror() async throws {
        var other = HuggingFaceHubTests.plain
        other.files[3] = SimulatedFile("tiny-Q8_0.gguf", "weights of eight bats")
        let wrong = other
        try await HuggingFaceSimulator.run([HuggingFaceHubTests.plain]) { main in
            try await HuggingFaceSimulator.run([wrong]) { mirror in
                try await HubFixture.run { transport, _ in
                    let settings = try HuggingFaceSettings(endpoint: main.hub.address, mirrors: [mirror.hub.address])
                    let hub = HuggingFaceHub(settings: settings, transport: transport)
                    let file = try #require(
                        try await hub.resolve(HubFixture.reference("hf.co/user/Tiny-GGUF:Q8_0")).weights.first)
                    let error = await failure { try await hub.locate(file, at: file.sources[1]) }
                    guard case .pinMismatch(_, "SHA-256", _, _)? = error else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                }
            }
        }
    }

    @Test("a kept model is outdated when one of its own files changed, not when only the commit did")
    func updates() async throws {
        let readme = SimulatedFile("README.md", "new words", isLarge: false)
        let projector = SimulatedFile("mmproj-F16.gguf", "eyes")
        func update(
            _ files: [SimulatedFile], commit: String, kept: [SimulatedFile], revision: String
        ) async throws -> ModelUpdate {
            var repository = SimulatedRepository("u/m", files: files)
            repository.commit = commit
            return try await HubFixture.huggingFace([repository]) { hub, _, _ in
                let finder = ModelFinder(
                    parser: ModelReferenceParser(fileExists: { _ in false }),
                    catalog: Catalog(version: "1", entries: []),
                    hubs: [hub])
                return try await finder.latest(
                    of: "hf.co/u/m:Q8_0", revision: revision,
                    files: kept.map { KeptFile(path: $0.path, digest: $0.digest) })
            }
        }
        let (one, two) = (String(repeating: "a", count: 40), String(repeating: "b", count: 40))
        let same = try await update([Self.weights], commit: one, kept: [Self.weights], revision: one)
        #expect(!same.isOutdated)
        let words = try await update([Self.weights, readme], commit: two, kept: [Self.weights], revision: one)
        #expect(!words.isOutdated)
        #expect(words.latest.revision == two)
        let new = SimulatedFile("m-Q8_0.gguf", "better weights")
        let changed = try await update([new, projector], commit: two, kept: [Self.weights, projector], revision: one)
        #expect(changed.changed.map(\.path.description) == ["m-Q8_0.gguf"])
        #expect(changed.gone.isEmpty)
        #expect(changed.byteCount == 14)
        let without = try await update([Self.weights], commit: two, kept: [Self.weights, projector], revision: one)
        #expect(without.gone == ["mmproj-F16.gguf"])
        #expect(without.isOutdated)
    }

    @Test("a name that the catalog does not have, and no hub in reach: near names and the reason")
    func unreachedHub() async throws {
        try await LoopbackAddress.withClosed { closed in
            try await HubFixture.run(attempts: 1) { transport, _ in
                let registry = OllamaRegistry(transport: transport) { _ in closed.url }
                let finder = ModelFinder(catalog: try Catalog.builtIn(), hubs: [registry])
                let error = await failure { try await finder.resolve("tinylama") }
                let text = try #require(error).description
                #expect(
                    text.contains("did you mean “tinyllama:1.1b”") && text.contains("connection refused"), "\(text)")
            }
        }
    }
}
