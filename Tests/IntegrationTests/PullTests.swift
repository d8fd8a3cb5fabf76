import Foundation
import HubSimulator
import ModelFixtures
import NIOHTTP1
import Security
import Testing
import Waiting

/// `roost pull` and its kin as a user types them, against a hub on loopback that real clients accept as one.
@Suite("Pulling models")
final class PullTests: Sendable {
    private let folder: URL
    private static let repository = "maker/tiny-GGUF"

    init() throws {
        folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "roost-pull-\(UUID().uuidString)")
        let place = folder.appending(path: "repositories/" + Self.repository)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try TinyModel.llama(chatTemplate: TinyModel.chatML).write(to: place.appending(path: "tiny-Q8_0.gguf"))
        try Data("---\nlicense: mit\n---\n".utf8).write(to: place.appending(path: "README.md"))
        try Data("Be kind.".utf8).write(to: place.appending(path: "LICENSE"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Runs `body` with a hub of the folder's repositories, its bytes on storage behind signed addresses.
    private func withHub(
        bytesPerSecond: Int64? = nil, ollama: [(name: String, path: String)] = [],
        _ body: (BuiltProgram, HubServer) async throws -> Void
    ) async throws {
        var settings = HubServer.Settings()
        settings.repositories = folder.path + "/repositories"
        settings.ollamaFiles = ollama
        settings.hasStorage = true
        settings.shape.bytesPerSecond = bytesPerSecond
        try await HubServer.run(settings) { server in
            try await body(try program(server.hub.address), server)
        }
    }

    private func program(_ address: String?) throws -> BuiltProgram {
        var roost = try BuiltProgram(home: folder.appending(path: "home"))
        roost.environment = [
            "HOME": folder.path, "XDG_CACHE_HOME": folder.path + "/cache", "HF_HOME": folder.path + "/huggingface",
            "OLLAMA_MODELS": folder.path + "/ollama",
        ]
        guard let address else { return roost }
        roost.environment.merge(
            ["ROOST_OFFLINE": "0", "HF_ENDPOINT": address, "ROOST_OLLAMA_REGISTRY": address]) { $1 }
        return roost
    }

    /// What was asked of the storage, without the single byte that finds out whether it sends ranges.
    private static func ranges(_ server: HubServer) -> [String] {
        let all = server.storage?.requests.compactMap { $0.headers.first(name: "range") } ?? []
        return all.filter { $0 != "bytes=0-0" }
    }

    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test("A model is found, planned, pulled with events, shown with its origin, asked, and up to date")
    func wholeWay() async throws {
        try await withHub { roost, server in
            let search = try await roost.run("search", "tiny", "--quiet")
            #expect(search.output.split(separator: "\n").contains("hf.co/maker/tiny-GGUF"), "\(search)")

            let plan = try await roost.run("pull", "maker/tiny-GGUF", "--plan-only", "--json")
            let file = try #require((try objects(plan.output).first?["files"] as? [[String: Any]])?.first)
            #expect(file["action"] as? String == "fetch")
            #expect(server.storage?.requests.isEmpty == true)

            let pull = try await roost.run("pull", "maker/tiny-GGUF", "--json")
            #expect(pull.status == 0, "\(pull)")
            let events = try objects(pull.output)
            #expect(events.last?["status"] as? String == "success")
            let counts = events.filter { $0["file"] != nil }.compactMap { $0["completed"] as? Int }
            #expect(!counts.isEmpty && counts == counts.sorted())
            let record = try #require(events.last?["model"] as? [String: Any])
            #expect((record["provenance"] as? [String: Any])?["repository"] as? String == Self.repository)

            let answer = try await roost.run("run", "maker/tiny-GGUF", "Hello", "--max-tokens", "4", "--json")
            #expect(answer.status == 0, "\(answer)")
            let outdated = try await roost.run("outdated", "--all", "--json")
            #expect(outdated.status == 0 && outdated.output.contains("\"isOutdated\" : false"), "\(outdated)")
            let update = try await roost.run("update")
            #expect(update.output == "All models are up to date.\n", "\(update)")

            // All is here: neither the network nor the hub is needed for what was pulled.
            let offline = try program(nil)
            #expect(try await offline.run("run", "maker/tiny-GGUF", "Hello", "--max-tokens", "2").status == 0)
        }
    }

    @Test("A name that is not here is pulled by run")
    func runPulls() async throws {
        let path = folder.path + "/repositories/\(Self.repository)/tiny-Q8_0.gguf"
        try await withHub(ollama: [("smallest:1b", path)]) { roost, _ in
            let answer = try await roost.run("run", "smallest:1b", "Hello", "--max-tokens", "4")
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.errors.contains("Pulled smallest:1b ("), "\(answer)")
            #expect(try await roost.run("list", "--quiet").output == "smallest:1b\n")
        }
    }

    @Test("Killed in the middle it is listed as interrupted, and goes on without fetching all again")
    func killed() async throws {
        let large = folder.appending(path: "repositories/maker/large-GGUF")
        try FileManager.default.createDirectory(at: large, withIntermediateDirectories: true)
        // Not a model, but that is found out only when all of it is here.
        let byteCount = 48 << 20
        var bytes = [UInt8](repeating: 0, count: byteCount)
        for index in stride(from: 0, to: byteCount, by: 8) { bytes[index] = UInt8(truncatingIfNeeded: index >> 12) }
        try Data(bytes).write(to: large.appending(path: "large-Q8_0.gguf"))
        try await withHub { roost, _ in
            // The limit is that of all connections together: the whole takes far longer than to look at it.
            let process = roost.process(["pull", "maker/large-GGUF", "--limit-rate", "2M"])
            try process.run()
            // When a journal says that something has landed for good it is killed.
            let partial = roost.home.appending(path: "partial").path
            while FileManager.default.subpaths(atPath: partial)?.contains(where: { $0.hasSuffix(".journal") }) != true {
                try #require(process.isRunning)
                try await Task.sleep(for: .milliseconds(50))
            }
            let listed = try await roost.run("downloads", "--json")
            let items = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]]
            #expect((items?.first?["completed"] as? Int ?? 0) > 0, "\(listed)")
            kill(process.processIdentifier, SIGKILL)
            try await BuiltProgram.onThread { process.waitUntilExit() }
            let list = try await roost.run("downloads")
            #expect(list.output.contains("interrupted"), "\(list)")
        }
        try await withHub { roost, server in
            let resumed = try await roost.run("downloads", "resume")
            // All bytes came, their digest is right, and then it turned out not to be a model.
            #expect(resumed.status == 1 && resumed.errors.contains("quarantine"), "\(resumed)")
            // What had landed for good is not asked for again.
            let asked = Self.ranges(server)
            let places = try asked.reduce(into: IndexSet()) { set, text in
                let ends = text.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
                try #require(ends.count == 2 && ends[0] <= ends[1], "\(text)")
                set.insert(integersIn: ends[0]...ends[1])
            }
            #expect(!places.isEmpty && places.count < byteCount, "\(asked)")
            #expect(try await roost.run("downloads", "cancel", "--all").status == 0)
            #expect(try await roost.run("downloads", "--quiet").output == "")
        }
    }

    @Test("A server goes on with a pull that was killed", .timeLimit(.minutes(15)))
    func serverResumes() async throws {
        try await withHub(bytesPerSecond: 20_000) { roost, _ in
            let process = roost.process(["pull", "maker/tiny-GGUF"])
            try process.run()
            let tickets = roost.home.appending(path: "downloads").path
            while FileManager.default.subpaths(atPath: tickets)?.contains(where: { $0.hasSuffix(".json") }) != true {
                try #require(process.isRunning)
                try await Task.sleep(for: .milliseconds(20))
            }
            kill(process.processIdentifier, SIGKILL)
            try await BuiltProgram.onThread { process.waitUntilExit() }
            #expect(try await roost.run("list", "--quiet").output == "")
            let server = try ServedProgram(home: roost.home, environment: roost.environment)
            defer { server.kill() }
            _ = try await server.start()
            while try await roost.run("list", "--quiet").output != "hf.co/maker/tiny-GGUF:Q8_0\n" {
                try await Task.sleep(for: .milliseconds(100))
            }
            // Its ticket goes a moment after the model is there.
            #expect(try await eventually { try await roost.run("downloads", "--quiet").output == "" })
        }
    }

    @Test("Two pulls of one model at once share the work")
    func twoAtOnce() async throws {
        try await withHub(bytesPerSecond: 400_000) { roost, server in
            async let first = roost.run("pull", "maker/tiny-GGUF")
            async let second = roost.run("pull", "hf.co/maker/tiny-GGUF:Q8_0")
            for outcome in [try await first, try await second] {
                #expect(outcome.status == 0 && outcome.output.hasPrefix("Pulled "), "\(outcome)")
            }
            // Each downloader that begins asks for one byte first: only one began.
            let beginnings = server.storage?.requests.filter { $0.headers.first(name: "range") == "bytes=0-0" }
            #expect(beginnings?.count == 1)
            #expect(try await roost.run("verify", "hf.co/maker/tiny-GGUF:Q8_0").status == 0)
        }
    }

    @Test(
        "What is wrong is said in one sentence",
        arguments: [
            (["pull", "tinylama"], "did you mean “tinyllama"), (["pull", "maker/tiny-GGUF:Q2_K"], "it has “Q8_0”"),
            (["pull", "maker/other-GGUF"], "maker/other-GGUF"), (["pull", "qwen3"], "qwen3:4b"),
            (["pull", "http://models.example/x.gguf"], "not https"),
            (["pull", "maker/tiny-GGUF", "--revision", "v9"], "v9"), (["downloads", "pause", "x"], "“x”"),
            (["adopt", "nothing"], "roost"), (["pull", "https://10.0.0.1:1/x.gguf"], "10.0.0.1"),
        ])
    func sentences(arguments: [String], part: String) async throws {
        try await withHub { roost, _ in
            let outcome = try await roost.run(arguments)
            #expect(outcome.status == 1, "\(outcome)")
            let last = try #require(outcome.errors.split(separator: "\n").last)
            #expect(last.hasPrefix("Error: ") && last.contains(part), "\(outcome)")
        }
    }

    @Test("Without a network it says what was not reached, and search shows the catalog")
    func noNetwork() async throws {
        let roost = try program("https://hub.invalid")
        let pull = try await roost.run("pull", "maker/tiny-GGUF")
        #expect(pull.status == 1 && pull.errors.contains("hub.invalid cannot be reached"), "\(pull)")
        let search = try await roost.run("search", "qwen3")
        #expect(search.status == 0 && search.output.contains("qwen3:4b"), "\(search)")
        #expect(search.errors.contains("Warning:"), "\(search)")
        let offline = try await program(nil).run("pull", "maker/tiny-GGUF")
        #expect(offline.status == 1 && offline.errors.contains("ROOST_OFFLINE"), "\(offline)")
    }

    @Test("A catalog of one's own comes on top, and one with a mistake is refused with its place")
    func ownCatalog() async throws {
        let file = folder.appending(path: "own.json")
        let model = folder.appending(path: "repositories/\(Self.repository)/tiny-Q8_0.gguf")
        let bytes = [UInt8](try Data(contentsOf: model))
        func write(_ digest: String) throws {
            let text = """
                {"schema": 1, "version": "1", "models": [{"names": ["own:tiny", "own"], "title": "Own", "description": "Ours.",
                "license": "mit", "parameters": "1M", "quantization": "Q8_0", "tier": "minimal", "tags": ["chat"],
                "byteCount": \(bytes.count), "sha256": "\(digest)", "sources": ["hf.co/\(Self.repository):Q8_0"]}]}
                """
            try Data(text.utf8).write(to: file)
        }
        try write(Digest.of(bytes).hexadecimal)
        try await withHub { roost, _ in
            var roost = roost
            roost.environment["ROOST_CATALOGS"] = file.path
            let list = try await roost.run("catalog", "own", "--quiet")
            #expect(list.output.hasPrefix("own:tiny\n"), "\(list)")
            let pull = try await roost.run("pull", "own")
            #expect(pull.status == 0, "\(pull)")
            #expect(try await roost.run("catalog", "--installed", "--quiet").output == "own:tiny\n")

            // Pinned content that the hub does not have is an error that names both.
            try write(String(repeating: "0", count: 64))
            let changed = try await roost.run("pull", "own")
            #expect(changed.status == 1 && changed.errors.contains("SHA-256"), "\(changed)")
            try write("short")
            let broken = try await roost.run("catalog")
            #expect(broken.status == 1 && broken.errors.contains("sha256"), "\(broken)")
        }
    }

    @Test(
        "The real model comes over the hub's protocol and answers",
        .enabled(if: RealModel.path != nil, "ROOST_TEST_MODEL is not set"))
    func realModel() async throws {
        let path = try #require(RealModel.path)
        let place = folder.appending(path: "repositories/maker/gemma-3-270m-GGUF")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: place.path + "/gemma-3-270m-Q4_K_M.gguf", withDestinationPath: path)
        try await withHub { roost, _ in
            let pull = try await roost.run("pull", "maker/gemma-3-270m-GGUF", "--as", "gemma3:270m")
            #expect(pull.status == 0 && pull.output.hasPrefix("Pulled gemma3:270m (253 MB, gemma3, Q4_K_M"), "\(pull)")
            let answer = try await roost.run(
                "run", "gemma3:270m", "The capital of France is", "--max-tokens", "8", "--temperature", "0", "--json")
            #expect(answer.status == 0, "\(answer)")
            let text = try #require(try objects(answer.output.replacing("\n", with: " ")).first?["text"] as? String)
            #expect(!text.isEmpty)
            let verify = try await roost.run("verify", "gemma3:270m")
            #expect(verify.status == 0, "\(verify)")
        }
    }
}

enum RealModel {
    /// The real model's file.
    static var path: String? {
        ProcessInfo.processInfo.environment["ROOST_TEST_MODEL"].flatMap { $0.isEmpty ? nil : $0 }
    }
}
