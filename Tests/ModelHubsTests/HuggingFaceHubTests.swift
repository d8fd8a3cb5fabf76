import Foundation
import HubSimulator
import ModelHubs
import Testing

@Suite("The Hugging Face Hub")
struct HuggingFaceHubTests {
    static let plain: SimulatedRepository = {
        var repository = SimulatedRepository(
            "user/Tiny-GGUF",
            files: [
                SimulatedFile("README.md", "# Tiny", isLarge: false),
                SimulatedFile("LICENSE", "Apache", isLarge: false),
                SimulatedFile("tiny-Q4_K_M.gguf", "weights of four bits"),
                SimulatedFile("tiny-Q8_0.gguf", "weights of eight bits"),
                SimulatedFile("mmproj-tiny-F16.gguf", "projector"),
                SimulatedFile("BF16/tiny-BF16-00001-of-00002.gguf", "first half"),
                SimulatedFile("BF16/tiny-BF16-00002-of-00002.gguf", "second half"),
            ])
        repository.license = "apache-2.0"
        repository.gguf = SimulatedGGUFFacts(total: 1_100_048_384, architecture: "llama", contextLength: 2048)
        repository.downloads = 5
        repository.branches = ["v1.0", "refs/pr/1"]
        repository.formerIDs = ["olduser/Tiny-GGUF"]
        return repository
    }()

    @Test("a model's files are pinned to commit, size and SHA-256, with projector and licence")
    func pinned() async throws {
        try await HubFixture.huggingFace([Self.plain]) { hub, simulator, _ in
            let model = try await hub.resolve(HubFixture.reference("hf.co/user/Tiny-GGUF"))
            #expect(model.revision == Self.plain.commit)
            #expect(model.name == "hf.co/user/Tiny-GGUF:Q4_K_M")
            #expect(model.license == "apache-2.0")
            #expect(model.files.map(\.role) == [.model, .projector, .license])
            let weights = try #require(model.weights.first)
            #expect(weights.path.description == "tiny-Q4_K_M.gguf")
            #expect(weights.digest == Self.plain.files[2].digest)
            #expect(weights.byteCount == 20)
            #expect(
                weights.sources.map(\.url.absoluteString) == [
                    "\(simulator.hub.address)/user/Tiny-GGUF/resolve/\(Self.plain.commit)/tiny-Q4_K_M.gguf"
                ])
            #expect(model.files[2].digest == nil)
            #expect(simulator.storage.requests.isEmpty)
        }
    }

    @Test("all parts of a split model are found in order, over pages of the listing", arguments: [1, 2, 3, 1000])
    func splitOverPages(pageSize: Int) async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.treePageSize = pageSize
        try await HubFixture.huggingFace([Self.plain], behaviour: behaviour) { hub, _, _ in
            let model = try await hub.resolve(HubFixture.reference("user/Tiny-GGUF:bf16"))
            #expect(model.weights.map(\.role) == [.shard(index: 1, count: 2), .shard(index: 2, count: 2)])
            #expect(model.weights.map(\.digest) == Self.plain.files[5...].map { $0.digest })
            #expect(model.quantization == "BF16")
        }
    }

    @Test(
        "a revision is asked for by branch, pull request or commit",
        arguments: ["v1.0", "refs/pr/1", "0123456789abcdef0123456789abcdef01234567"])
    func revisions(revision: String) async throws {
        try await HubFixture.huggingFace([Self.plain]) { hub, _, _ in
            let model = try await hub.resolve(HubFixture.reference("user/Tiny-GGUF@\(revision):Q8_0"))
            #expect(model.revision == Self.plain.commit)
            #expect(model.weights.first?.path.description == "tiny-Q8_0.gguf")
        }
    }

    @Test("a renamed repository is followed and carries its new name")
    func renamed() async throws {
        try await HubFixture.huggingFace([Self.plain]) { hub, simulator, _ in
            let model = try await hub.resolve(HubFixture.reference("olduser/Tiny-GGUF:Q8_0"))
            #expect(model.name == "hf.co/user/Tiny-GGUF:Q8_0")
            // An address of the old name still leads to the file.
            var file = try #require(model.weights.first)
            let old = "\(simulator.hub.address)/olduser/Tiny-GGUF/resolve/main/tiny-Q8_0.gguf"
            file.sources = [FileSource(url: try #require(URL(string: old)), hub: .huggingFace)]
            #expect(try await hub.locate(file).digest == file.digest)
        }
    }

    @Test("the address of the bytes is the storage's, the facts are the hub's")
    func location() async throws {
        try await HubFixture.huggingFace([Self.plain], token: "hf_canary") { hub, simulator, _ in
            let model = try await hub.resolve(HubFixture.reference("user/Tiny-GGUF:Q8_0"))
            let location = try await hub.locate(try #require(model.weights.first))
            #expect(location.url.absoluteString.hasPrefix(simulator.storage.address))
            #expect(location.credential == nil)
            #expect(location.revision == Self.plain.commit)
            #expect(location.byteCount == 21)
            let license = try #require(model.files.last)
            #expect(license.role == .license)
            // A small file is answered by the hub itself, which may have the token.
            let direct = try await hub.locate(license)
            #expect(direct.credential != nil)
            #expect(direct.byteCount == 6)
        }
    }

    @Test("a search comes in pages and tells what the hub knows")
    func search() async throws {
        var repositories = (1...5).map { number in
            var repository = SimulatedRepository("many/Tiny-\(number)-GGUF", files: Self.plain.files)
            repository.downloads = 100 - number
            repository.gguf = Self.plain.gguf
            return repository
        }
        repositories[1].gate = "auto"
        repositories.append(SimulatedRepository("other/unrelated", files: Self.plain.files))
        repositories.append(SimulatedRepository("many/Tiny-plain", files: [SimulatedFile("m.safetensors", "x")]))
        try await HubFixture.huggingFace(repositories) { hub, _, _ in
            var query = ModelSearch("tiny", author: "many", pageSize: 2)
            var names: [String] = []
            var pages = 0
            repeat {
                let page = try await hub.search(query)
                names += page.hits.map(\.repository.name)
                if pages == 0 {
                    #expect(page.hits.map(\.isGated) == [false, true])
                    #expect(page.hits.first?.quantizations == ["BF16", "Q4_K_M", "Q8_0"])
                    #expect(page.hits.first?.parameterCount == 1_100_048_384)
                    #expect(page.hits.first?.contextLength == 2048)
                }
                query.cursor = page.next
                pages += 1
            } while query.cursor != nil && pages < 10
            #expect(names == (1...5).map { "Tiny-\($0)-GGUF" })
            #expect(pages == 3)
        }
    }

    @Test("offline mode sends nothing")
    func offline() async throws {
        try await HuggingFaceSimulator.run([Self.plain]) { simulator in
            try await HubFixture.run { transport, _ in
                let settings = try HuggingFaceSettings(
                    environment: ["HF_ENDPOINT": simulator.hub.address, "HF_HUB_OFFLINE": "1"], homeDirectory: "/none")
                let hub = HuggingFaceHub(settings: settings, transport: transport)
                let error = await failure { try await hub.resolve(HubFixture.reference("hf.co/user/Tiny-GGUF")) }
                #expect(error == .offline(host: simulator.hub.place, setting: "HF_HUB_OFFLINE"))
                #expect(simulator.hub.requests.isEmpty)
            }
        }
    }
}
