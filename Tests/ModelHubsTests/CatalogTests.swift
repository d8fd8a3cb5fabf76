import Foundation
import HubSimulator
import ModelHubs
import Security
import Testing

@Suite("The catalog")
struct CatalogTests {
    @Test("the built-in catalog is good, and has the founding models and all tiers, sizes and kinds")
    func builtIn() throws {
        let catalog = try Catalog.builtIn()
        #expect(catalog.entries.count == 30)
        for name in ["tinyllama", "phi-2", "phi3", "mistral", "llama2:7b", "llama2:13b"] {
            let name = try #require(ShortName(name))
            #expect(catalog.entries(named: name).count == 1, "\(name)")
        }
        for tier in CatalogTier.allCases {
            #expect(!catalog.entries(matching: CatalogFilter(tiers: [tier])).isEmpty)
        }
        for size in CatalogSizeClass.allCases {
            #expect(!catalog.entries(matching: CatalogFilter(sizeClasses: [size], tags: ["chat"])).isEmpty)
        }
        for tag in ["chat", "code", "embedding"] {
            #expect(!catalog.entries(matching: CatalogFilter(tags: [tag])).isEmpty)
        }
        #expect(Set(catalog.entries.map(\.digest)).count == catalog.entries.count)
        let tiny = try #require(catalog.entries.first)
        #expect(tiny.digest.hexadecimal == "9fecc3b3cd76bba89d504f29b616eedf7da85b96540e490ca5824d3f7d2776a0")
        #expect(tiny.byteCount == 668_788_096)
    }

    @Test("a family's name means all its sizes; an own name means one")
    func families() throws {
        let catalog = try Catalog.builtIn()
        func names(_ text: String) throws -> [String] {
            catalog.entries(named: try #require(ShortName(text))).map(\.name)
        }
        #expect(try names("qwen3") == ["qwen3:0.6b", "qwen3:1.7b", "qwen3:4b", "qwen3:8b"])
        #expect(try names("QWEN3:4B") == ["qwen3:4b"])
        #expect(try names("qwen3:99b").isEmpty)
        #expect(catalog.suggestions(for: "tinylama").first == "tinyllama:1.1b")
        #expect(catalog.suggestions(for: "xyz").isEmpty)
    }

    @Test("a filter's conditions all hold")
    func filters() throws {
        let catalog = try Catalog.builtIn()
        let mit = catalog.entries(matching: CatalogFilter(tags: ["embedding"], licenses: ["MIT"]))
        #expect(mit.map(\.name) == ["bge-m3:567m"])
        let small = catalog.entries(matching: CatalogFilter(text: "llama meta", maximumByteCount: 1_000_000_000))
        #expect(small.map(\.name) == ["llama3.2:1b"])
        let one = try #require(catalog.entries.first)
        let installed = CatalogFilter(isInstalled: true, installed: [one.digest])
        #expect(catalog.entries(matching: installed) == [one])
        let absent = CatalogFilter(isInstalled: false, installed: [one.digest])
        #expect(catalog.entries(matching: absent).count == catalog.entries.count - 1)
    }

    static let good = """
        {"schema":1,"version":"1.0","models":[{"names":["mine"],"title":"Mine","description":"My own.","parameters":"1B",
        "quantization":"Q8_0","tier":"minimal","tags":["chat"],"byteCount":7,
        "sha256":"\(String(repeating: "a", count: 64))","sources":["hf.co/me/mine:Q8_0"]}]}
        """

    @Test("a catalog of one's own lies on top of the built-in one")
    func ownCatalog() async throws {
        let folder = try TemporaryFolder()
        let own = try await Catalog.load(path: folder.write("own.json", Self.good))
        let base = try Catalog.builtIn()
        let both = base.adding(own)
        #expect(both.entries.count == base.entries.count + 1)
        #expect(both.entries.first?.name == "mine")
        #expect(both.adding(own).entries.count == both.entries.count)
        let served = try await LoopbackServer.run({ _ in SimulatedResponse(200, text: Self.good) }) { server in
            try await HubFixture.run { transport, _ in
                try await Catalog.load(url: #require(URL(string: server.address + "/c.json")), over: transport)
            }
        }
        #expect(served == own)
        #expect(await failure { try await Catalog.load(path: folder.path + "/none.json") } != nil)
    }

    @Test("a fact that a catalog does not know can be left out or null")
    func unknownFacts() throws {
        let text = Self.good.replacing("\"tier\"", with: "\"license\":null,\"contextLength\":null,\"tier\"")
        let entry = try #require(try Catalog(json: Data(text.utf8), source: "own.json").entries.first)
        #expect(entry.license == nil)
        #expect(entry.contextLength == nil)
        #expect(entry.architecture == nil)
    }

    @Test(
        "a mistake in a catalog is named with its place",
        arguments: [
            ("\"schema\":1", "\"schema\":2", "schema", "reads schema 1"),
            ("\"names\":[\"mine\"]", "\"names\":[]", "models[0].names", "a name"),
            ("\"names\":[\"mine\"]", "\"names\":[\"a b\"]", "models[0].names", "not a model's name"),
            ("\"tier\":\"minimal\"", "\"tier\":\"tiny\"", "models[0].tier", "none of minimal"),
            ("\"byteCount\":7", "\"byteCount\":-7", "models[0].byteCount", "over 0"),
            ("\"byteCount\":7", "\"byteCount\":\"7\"", "models[0].byteCount", "a whole number"),
            ("\"byteCount\":7,", "", "models[0].byteCount", "missing"),
            ("aaaa\",\"sources", "AAAA\",\"sources", "models[0].sha256", "64 lower-case"),
            ("hf.co/me/mine:Q8_0", "/etc/passwd", "models[0].sources", "is not hf.co"),
            ("hf.co/me/mine:Q8_0", "mine", "models[0].sources", "is not hf.co"),
            ("hf.co/me/mine:Q8_0", "http://example.com/x.gguf", "models[0].sources", "is not hf.co"),
            ("\"quantization\":\"Q8_0\"", "\"quantization\":\"best\"", "models[0].quantization", "not a quantization"),
            ("\"title\":\"Mine\"", "\"title\":\"Mi\\u0007ne\"", "models[0].title", "one line"),
            ("\"title\":\"Mine\"", "\"title\":null", "models[0].title", "null"),
            ("\"tags\":[\"chat\"]", "\"tags\":[7]", "models[0].tags[0]", "a text"),
            ("\"tags\":", "\"tagz\":", "models[0].tagz", "none of names"),
            ("{\"schema\"", "[{\"schema\"", "its beginning", "not JSON"),
        ])
    func mistakes(part: String, replacement: String, location: String, words: String) {
        let text = Self.good.replacing("\n", with: "").replacing(part, with: replacement)
        #expect(text != Self.good.replacing("\n", with: ""))
        do {
            _ = try Catalog(json: Data(text.utf8), source: "own.json")
            Issue.record("the catalog passed")
        } catch ModelHubError.invalidCatalog(let source, let found, let rule) {
            #expect(source == "own.json")
            #expect(found == location)
            #expect(rule.contains(words), "\(rule)")
        } catch {
            Issue.record(error)
        }
    }
}
