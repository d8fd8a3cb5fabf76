import Foundation
import HubSimulator
import ModelFixtures
import Roost
import Testing

@Suite("Created models")
struct ModelCreationTests {
    private func withManager(
        settings: (inout RoostConfiguration) -> Void = { _ in }, _ body: (ModelManager, URL) async throws -> Void
    ) async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-create-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.load.threadCount = 1
        settings(&configuration)
        let manager = try await ModelManager(configuration: configuration, pressure: NoPressure())
        try TinyModel.llama(chatTemplate: TinyModel.chatML).write(to: home.appending(path: "chat.gguf"))
        _ = try await manager.importModel(at: home.appending(path: "chat.gguf"), as: "chat", linking: .copy)
        try await body(manager, home)
        await manager.shutdown()
    }

    private func creation(_ recipe: String, as name: String = "mine", in folder: URL) throws -> ModelCreation {
        try ModelCreation(name: name, modelfile: Modelfile(parsing: recipe), folder: folder)
    }

    private var short: GenerationOptions {
        var options = GenerationOptions.greedy
        options.maxTokens = 6
        options.ignoreEndOfGeneration = true
        return options
    }

    @Test("A model made of another shares its files, keeps what is its own, and goes without it")
    func sharing() async throws {
        try await withManager { roost, home in
            let base = try await roost.model(named: "chat")
            let record = try await roost.create(
                try creation(
                    "FROM chat\nSYSTEM be brief\nPARAMETER temperature 0\nPARAMETER num_ctx 128\nMESSAGE user hello\n"
                        + "MESSAGE assistant hi\nLICENSE Be kind.", in: home))
            #expect(record.digest == base.digest)
            #expect(record.identity != base.identity)
            #expect(record.loadedIdentity == base.loadedIdentity)
            #expect(record.totalByteCount - base.totalByteCount < 500)
            #expect(record.provenance?.hub == "created" && record.provenance?.reference == "chat:latest")
            let preset = try await roost.preset(of: "mine")
            #expect(preset.system == "be brief")
            #expect(preset.messages.map(\.content) == ["hello", "hi"])
            #expect(preset.parameters["num_ctx"] == .integer(128))
            #expect(try await roost.preset(of: "chat").isEmpty)
            #expect(try await roost.store.licenseText(of: record.name) == "Be kind.")
            await #expect(throws: RoostError.noSource(model: "mine")) { try await roost.checkForUpdate(of: "mine") }

            // Removing either leaves the other whole.
            try await roost.delete("chat")
            #expect(try await roost.generate("a", model: "mine", options: short).tokens.count == 6)
            #expect(try await roost.delete("mine").freedByteCount > base.byteCount)
        }
    }

    @Test("One made of a made one has its properties, but for those that it sets; its recipe makes it again")
    func inheritance() async throws {
        try await withManager { roost, home in
            _ = try await roost.create(
                try creation(
                    "FROM chat\nSYSTEM be brief\nPARAMETER top_k 3\nPARAMETER top_p 0.5\nMESSAGE user hello", in: home))
            let second = try await roost.create(
                try creation("FROM mine\nPARAMETER top_k 9\nSYSTEM be long", as: "second", in: home))
            let preset = try await roost.preset(of: "second")
            #expect(preset.system == "be long")
            #expect(preset.parameters.lines.map(\.text) == ["9", "0.5"])
            #expect(preset.messages.map(\.content) == ["hello"])
            let recipe = try await roost.modelfile(of: second)
            #expect(recipe.instructions.first == .from("second:latest"))
            let again = try await roost.create(try creation(recipe.text, as: "third", in: home))
            #expect(again.identity == second.identity)
            // And once more under its own name.
            #expect(
                try await roost.create(try creation(recipe.text, as: "second", in: home)).identity == second.identity)
        }
    }

    @Test("A conversation begins with the model's own prompt and messages, unless it has instructions of its own")
    func beginning() async throws {
        try await withManager { roost, home in
            _ = try await roost.create(
                try creation("FROM chat\nSYSTEM be brief\nMESSAGE user hello\nMESSAGE assistant hi", in: home))
            func answer(_ messages: [ChatMessage], _ model: String) async throws -> GenerationResult {
                try #require(
                    try await roost.generate(
                        GenerationRequest(.chat(ChatRequest(messages)), options: short), model: model
                    ).first)
            }
            let own = try await answer([.user("now")], "mine")
            let told = try await answer(
                [.system("be brief"), .user("hello"), .assistant("hi"), .user("now")], "chat")
            #expect(own.promptTokenCount == told.promptTokenCount)
            #expect(own.tokens == told.tokens)
            let other = try await answer([.system("be long winded"), .user("now")], "mine")
            let otherTold = try await answer(
                [.system("be long winded"), .user("hello"), .assistant("hi"), .user("now")], "chat")
            #expect(other.tokens == otherTold.tokens && other.promptTokenCount == otherTold.promptTokenCount)
            #expect(other.promptTokenCount != own.promptTokenCount)
        }
    }

    @Test("A model's own parameters are taken where no options are given, and only there")
    func parameters() async throws {
        try await withManager { roost, home in
            _ = try await roost.create(
                try creation("FROM chat\nPARAMETER num_predict 3\nPARAMETER temperature 0\nPARAMETER seed 5", in: home))
            #expect(try await roost.generate("Hello", model: "mine").tokens.count <= 3)
            #expect(try await roost.generate("Hello", model: "mine").seed == 5)
            #expect(try await roost.generate("Hello", model: "mine", options: short).tokens.count == 6)
        }
    }

    @Test("Models of the same files are in memory once; one with a context length of its own is loaded with that")
    func memory() async throws {
        try await withManager { roost, home in
            _ = try await roost.create(try creation("FROM chat\nSYSTEM be brief", as: "first", in: home))
            _ = try await roost.create(try creation("FROM chat\nPARAMETER num_ctx 96", as: "small", in: home))
            try await roost.load("chat")
            try await roost.load("first")
            #expect(try await roost.loadedModels().count == 1)
            try await roost.load("small")
            let loaded = try await roost.loadedModels()
            #expect(loaded.map(\.info.contextLength) == [96])
            #expect(try await roost.loadOptions(of: "small").contextLength == 96)
            // What others still need stays.
            try await roost.delete("small")
            #expect(try await roost.loadedModels().count == 1)
            try await roost.delete("first")
            try await roost.delete("chat")
            #expect(try await roost.loadedModels().isEmpty)
        }
    }

    @Test("An adapter is loaded with the model and changes what it says; two of one name are told apart")
    func adapters() async throws {
        try await withManager { roost, home in
            let other = home.appending(path: "other")
            try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
            try TinyModel.adapter().write(to: home.appending(path: "style.gguf"))
            try TinyModel.adapter(seed: 32).write(to: other.appending(path: "style.gguf"))
            let record = try await roost.create(
                try creation("FROM chat\nADAPTER ./style.gguf\nADAPTER other/style.gguf", in: home))
            #expect(record.files.filter { $0.role == .adapter }.map(\.name) == ["style.gguf", "2-style.gguf"])
            let base = try await roost.model(named: "chat")
            #expect(record.loadedIdentity != base.loadedIdentity)
            let plain = try await roost.generate("Hello", model: "chat", options: short).tokens
            #expect(try await roost.generate("Hello", model: "mine", options: short).tokens != plain)
            await #expect(throws: ModelStoreError.self) {
                try await roost.create(try creation("FROM chat\nADAPTER ./chat.gguf", as: "wrong", in: home))
            }
        }
    }

    @Test("A file, a folder or a model's name can be the base; a template of one's own is applied")
    func bases() async throws {
        try await withManager { roost, home in
            let folder = home.appending(path: "recipes/model")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try TinyModel.llama().write(to: folder.appending(path: "base.gguf"))
            let template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}"
            for (name, from) in [("file", "./model/base.gguf"), ("folder", "./model"), ("absolute", folder.path)] {
                let record = try await roost.create(
                    try creation(
                        "FROM \(from)\nTEMPLATE \"\"\"\(template)\"\"\"", as: name, in: home.appending(path: "recipes"))
                )
                #expect(record.hasChatTemplate)
                #expect(record.capabilities.contains(.chat))
                let prompt = try await roost.prompt(for: ChatRequest([.user("Hi")]), model: name)
                #expect(prompt == "[user] Hi\n")
            }
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: "base.gguf").path))
            let missing = #expect(throws: ModelCreationError.self) { try creation("FROM ./model/none.gguf", in: home) }
            #expect(missing == .missingFile(path: "./model/none.gguf"))
            await #expect(throws: ModelStoreError.self) {
                try await roost.create(try creation("FROM nobody", in: home))
            }
        }
    }

    @Test("Parameters that a model came with from elsewhere are taken as far as they can be")
    func lenient() async throws {
        let layers = #"{"stop":"<end>","temperature":"hot","top_p":9,"num_ctx":64,"unheard":[1],"top_k":2}"#
        try await Hubs.run(
            library: [
                "library/odd:1b": [
                    .init("model", bytes: try TinyModel.llama(chatTemplate: TinyModel.chatML).bytes()),
                    .init("params", layers), .init("system", "be kind"),
                    .init("messages", #"[{"role":"user","content":"a"},{"role":"judge","content":"b"},{}]"#),
                ]
            ]
        ) { hubs in
            _ = try await hubs.manager.download("odd:1b").value()
            let preset = try await hubs.manager.preset(of: "odd:1b")
            #expect(preset.parameters.names == ["stop", "num_ctx", "top_k"])
            #expect(preset.system == "be kind")
            #expect(preset.messages == [.init(role: .user, content: "a")])
            #expect(try await hubs.manager.generate("a", model: "odd:1b", options: short).tokens.count == 6)
        }
    }
}
