import Foundation
import ModelFixtures
import ModelStore
import Testing
import Waiting

/// `roost run --save` and `roost history`, as a person uses them.
@Suite struct HistoryCommandTests {
    private let home = FileManager.default.temporaryDirectory.appending(path: "roost-kept-\(UUID().uuidString)")
    private let roost: BuiltProgram

    init() throws { roost = try BuiltProgram(home: home) }

    /// Puts models into the store; `chat` answers quickly, `slow` takes its time.
    private func importModels() async throws {
        let store = try await ModelStore(root: home)
        for (name, model) in [
            ("chat", TinyModel.llama(chatTemplate: TinyModel.chatML)),
            ("slow", TinyModel.mamba(chatTemplate: TinyModel.chatML, contextLength: 100_000_000)),
        ] {
            let file = home.appending(path: "\(name).gguf")
            try model.write(to: file)
            _ = try await store.importFile(at: file, as: ModelName(parsing: name))
            try FileManager.default.removeItem(at: file)
        }
    }

    private func withModels(_ body: () async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(at: home) }
        try await importModels()
        try await body()
    }

    private func listed() async throws -> [[String: Any]] {
        let list = try await roost.run("history", "list", "--json")
        return try #require(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
    }

    /// The messages of a conversation, as they are exported.
    private func messages(_ id: String) async throws -> [[String: Any]] {
        let text = try await roost.run("history", "export", id, "--format", "json").output
        let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return try #require(document?["messages"] as? [[String: Any]])
    }

    private func files(with text: String) -> [String] {
        let files = FileManager.default.enumerator(at: home, includingPropertiesForKeys: [.isRegularFileKey])
        return (files?.allObjects as? [URL] ?? []).filter {
            // What goes while it is looked at, as SQLite's log does, has nothing in it; a folder has no contents either.
            FileManager.default.contents(atPath: $0.path)?.range(of: Data(text.utf8)) != nil
        }.map(\.lastPathComponent)
    }

    private static let short = ["--num-predict", "8"]

    @Test func `an answer is kept when asked, gone on with, and deleted without a trace`() async throws {
        try await withModels {
            let first = try await roost.run(["run", "chat", "canaryquestion one", "--save"] + Self.short)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.errors.contains("Kept as "))
            let kept = try #require(try await listed().first)
            let id = try #require(kept["id"] as? String)
            #expect(kept["title"] as? String == "canaryquestion one" && kept["model"] as? String == "chat:latest")

            let second = try await roost.run(["run", "", "And two?", "--continue"] + Self.short)
            #expect(second.status == 0, "\(second.errors)")
            let third = try await roost.run(
                ["run", "chat", "And three?", "--continue", String(id.prefix(8)), "--json"] + Self.short)
            #expect(third.status == 0, "\(third.errors)")
            let said = try await messages(id)
            #expect(
                said.map { $0["role"] as? String } == ["user", "assistant", "user", "assistant", "user", "assistant"])
            #expect(said[2]["content"] as? String == "And two?")
            #expect(said[1]["content"] as? String == String(first.output.dropLast()))

            let found = try await roost.run("history", "search", "CANARYQUEST")
            #expect(found.output.contains(id.prefix(8)) && found.output.contains("canaryquestion one"))
            #expect(try await roost.run("history", "show", "1").output.contains("## You\n\ncanaryquestion one"))
            #expect(try await roost.run("history", "rename", "1", "About", "canaries").status == 0)
            #expect(try await roost.run("history").output.contains("About canaries"))

            #expect(!files(with: "canaryquestion").isEmpty)
            let unasked = try await roost.run("history", "delete", id)
            #expect(unasked.status == 1 && unasked.errors.contains("--yes"))
            #expect(try await roost.run("history", "delete", id, "--yes").status == 0)
            #expect(files(with: "canaryquestion") == [])
            #expect(try await listed().isEmpty)
        }
    }

    @Test func `an export comes in again, and a file that is there stays as it is`() async throws {
        try await withModels {
            _ = try await roost.run(["run", "chat", "one", "--title", "Title \u{1F989}"] + Self.short)
            let file = home.appending(path: "out.json").path
            #expect(try await roost.run("history", "export", "1", "-o", file).status == 0)
            let again = try await roost.run("history", "export", "1", "-o", file)
            #expect(again.status == 1 && again.errors.contains("already"))
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
            #expect(try await roost.run("history", "import", file).output.contains("Title \u{1F989}"))
            let ids = try await listed().compactMap { $0["id"] as? String }
            #expect(ids.count == 2)
            #expect(try await messages(ids[0]) as NSArray == messages(ids[1]) as NSArray)
            try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
            #expect(try await roost.run("history", "import", file).errors.contains("not an exported conversation"))
            #expect(try await roost.run("history", "import", "/nowhere").errors.contains("/nowhere"))
            #expect(try await roost.run("history", "delete", "--all", "--yes").output.contains("Deleted 2"))
        }
    }

    @Test func `without being asked nothing is kept, not even the lines that were typed`() async throws {
        try await withModels {
            let answer = try await roost.run(["run", "chat", "canaryprompt"] + Self.short)
            #expect(answer.status == 0)
            let session = try TerminalProgram(roost, ["run", "chat"] + Self.short)
            defer { session.end() }
            #expect(try await session.waits(for: ">>> "), "\(session.text)")
            try session.type("canaryline")
            #expect(try await session.waits(for: "Send a message", count: 2), "\(session.text)")
            try session.type("/bye")
            #expect(try await session.status() == 0)
            #expect(session.text.contains("canaryline"))
            for text in ["canaryprompt", "canaryline"] { #expect(files(with: text) == []) }
        }
    }

    @Test func `a session keeps what was said before and after save, and another goes on with it`() async throws {
        try await withModels {
            let session = try TerminalProgram(roost, ["run", "chat"] + Self.short)
            defer { session.end() }
            #expect(try await session.waits(for: "Send a message"), "\(session.text)")
            try session.type("said before")
            #expect(try await session.waits(for: "Send a message", count: 2), "\(session.text)")
            try session.type("/save My owls")
            #expect(try await session.waits(for: "Kept as "), "\(session.text)")
            try session.type("said after")
            #expect(try await session.waits(for: "Send a message", count: 4), "\(session.text)")
            try session.type("/save")
            #expect(try await session.waits(for: "kept already, as “My owls”"), "\(session.text)")
            try session.type("/bye")
            #expect(try await session.status() == 0)

            let kept = try #require(try await listed().first)
            let id = try #require(kept["id"] as? String)
            #expect(kept["title"] as? String == "My owls")
            #expect(
                try await messages(id).map { $0["content"] as? String ?? "" }.enumerated()
                    .filter { $0.offset % 2 == 0 }.map(\.element) == ["said before", "said after"])

            let other = try TerminalProgram(roost, ["run", "chat"] + Self.short)
            defer { other.end() }
            #expect(try await other.waits(for: "Send a message"), "\(other.text)")
            try other.type("/history owls")
            #expect(try await other.waits(for: String(id.prefix(8))), "\(other.text)")
            try other.type("/load 1")
            #expect(try await other.waits(for: "“My owls”, 4 messages"), "\(other.text)")
            try other.type("said later")
            #expect(try await other.waits(for: "Send a message", count: 4), "\(other.text)")
            try other.type("/bye")
            #expect(try await other.status() == 0)
            #expect(try await messages(id).count == 6)
        }
    }

    @Test func `an interrupted answer is kept as far as it came, and a killed program leaves whole turns`() async throws
    {
        try await withModels {
            let session = try TerminalProgram(roost, ["run", "slow", "--save"])
            defer { session.end() }
            #expect(try await session.waits(for: "Send a message"), "\(session.text)")
            try session.type("never ending")
            try await grows(session)
            session.signal(SIGINT)
            #expect(try await session.waits(for: "Kept as "), "\(session.text)")
            let id = try #require(try await listed().first?["id"] as? String)
            var said = try await messages(id)
            #expect(said.count == 2)
            #expect(said[1]["interrupted"] as? Bool == true && (said[1]["content"] as? String)?.isEmpty == false)

            #expect(try await session.waits(for: "Send a message", count: 2), "\(session.text)")
            try session.type("killed meanwhile")
            try await grows(session)
            session.signal(SIGKILL)
            _ = try await session.status()
            said = try await messages(id)
            #expect(said.count == 2)
            let on = try await roost.run(["run", "", "and on", "--continue"] + Self.short)
            #expect(on.status == 0, "\(on.errors)")
            #expect(try await messages(id).count == 4)
        }
    }

    /// Waits until more of an answer is written.
    private func grows(_ session: TerminalProgram) async throws {
        let length = session.text.utf8.count
        #expect(try await eventually { session.text.utf8.count >= length + 200 }, "\(session.text)")
    }

    @Test func `with a server the command line keeps the conversation all the same`() async throws {
        try await withModels {
            let server = try ServedProgram(home: home)
            defer { server.kill() }
            _ = try await server.start()
            let first = try await roost.run(["run", "chat", "one", "--save"] + Self.short)
            #expect(first.status == 0, "\(first.errors)")
            let second = try await roost.run(["run", "chat", "two", "--continue"] + Self.short)
            #expect(second.status == 0, "\(second.errors)")
            #expect(try await messages("1").count == 4)
            server.terminate()
            _ = try await server.status()
        }
    }

    @Test(arguments: [
        (["run", "chat", "x", "--continue", "nothing"], 1 as Int32, "no kept conversation “nothing”"),
        (["run", "chat", "x", "--title", " "], 1, "title"),
        (["run", "chat", "x", "--title", "a", "--continue"], 64, "--title"),
        (["history", "show", "1"], 1, "no kept conversation “1”"), (["history", "delete"], 64, "--all"),
        (["history", "delete", "--all", "x"], 64, "--all"), (["history", "search", "!!"], 1, "search text"),
        (["history", "list", "--limit", "0"], 64, "--limit"),
        (["history", "export", "1", "--format", "pdf"], 64, "pdf"),
        (["history", "list", "--owner", "somebody"], 0, ""),
    ])
    func `what cannot be is said with a sentence`(arguments: [String], status: Int32, part: String) async throws {
        try await withModels {
            let outcome = try await roost.run(arguments)
            #expect(outcome.status == status, "\(outcome.errors)")
            #expect(part.isEmpty || outcome.errors.contains(part), "\(outcome.errors)")
        }
    }
}
