import Foundation
import ModelFixtures
import ModelStore
import Testing

/// The store's commands as a user types them.
@Suite("The store's commands")
final class StoreCommandTests: Sendable {
    private let folder: URL
    private let roost: BuiltProgram
    private let file: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("roost-commands-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        roost = try BuiltProgram(home: folder.appendingPathComponent("home"))
        file = folder.appendingPathComponent("Tiny Model.gguf")
        try TinyModel.llama(chatTemplate: TinyModel.chatML).write(to: file)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func json(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

    @Test("take a model in, list, show, copy, rename, choose, verify and remove it")
    func wholeWay() async throws {
        let imported = try await roost.run("import", file.path)
        #expect(imported.status == 0 && imported.output.hasPrefix("Imported Tiny-Model ("), "\(imported)")

        let list = try await roost.run("list").output.split(separator: "\n")
        #expect(list.count == 2)
        let titles = ["NAME", "ID", "SIZE", "QUANT", "CONTEXT", "MODIFIED", "ACTIVE"]
        #expect(list.first?.split(separator: " ").map(String.init) == titles)
        #expect(list.last?.hasPrefix("Tiny-Model:latest  ") == true)
        #expect(!list.joined().contains("\u{1B}"), "no colour in a pipe")

        #expect(try await roost.run("cp", "tiny-model", "user/copy:v1").status == 0)
        #expect(try await roost.run("mv", "Tiny-Model", "tiny").status == 0)
        #expect(try await roost.run("list", "--quiet").output == "tiny:latest\nuser/copy:v1\n")
        #expect(try await roost.run("list", "USER/", "-q").output == "user/copy:v1\n")

        #expect(try await roost.run("activate", "tiny").output == "tiny is active.\n")
        #expect(try await roost.run("activate").output == "tiny:latest\n")
        let shown = try await roost.run("show")
        #expect(shown.status == 0 && shown.output.contains("architecture") && shown.output.contains("llama"))
        #expect(try await roost.run("show", "tiny", "--template").output == TinyModel.chatML + "\n")

        #expect(try await roost.run("verify").output.split(separator: "\n").allSatisfy { $0.contains(": intact") })
        let removed = try await roost.run("rm", "tiny", "user/copy:v1", "--yes")
        #expect(removed.status == 0)
        #expect(removed.output.contains("its file stays") && removed.output.contains("freed"))
        #expect(try json(try await roost.run("list", "--json").output) as? [String] == [])
        #expect(try await roost.run("list").output.hasPrefix("No models yet"))
    }

    @Test("print JSON that programs can read")
    func machineReadable() async throws {
        let lines = try await roost.run("import", file.path, "--name", "tiny", "--copy", "--json").output
            .split(separator: "\n").map { try #require(try json(String($0)) as? [String: Any]) }
        #expect(lines.first?["status"] as? String == "validating")
        #expect(lines.contains { $0["status"] as? String == "copying" })
        #expect(lines.last?["status"] as? String == "success")
        let model = try #require(lines.last?["model"] as? [String: Any])
        #expect(model["name"] as? String == "tiny:latest")

        let list = try #require(try json(try await roost.run("list", "--json").output) as? [[String: Any]])
        #expect(list.map { $0["digest"] as? String } == [model["digest"] as? String])
        let shown = try #require(try json(try await roost.run("show", "tiny", "--json").output) as? [String: Any])
        let path = try #require(shown["path"] as? String)
        #expect(shown["hasChatTemplate"] as? Bool == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: file))

        try Data("damaged".utf8).write(to: URL(fileURLWithPath: path))
        let verified = try await roost.run("verify", "tiny", "--json")
        #expect(verified.status == 1)
        let results = try #require(try json(verified.output) as? [[String: Any]])
        #expect(results.map { $0["status"] as? String } == ["damaged"])
        #expect(results.first?["found"] as? String != model["digest"] as? String)
        let files = try #require(results.first?["files"] as? [[String: Any]])
        #expect(files.first?["damaged"] as? [[Int]] == [[0, try Data(contentsOf: file).count - 1]])
        let refused = try await roost.run("run", "tiny", "Hello")
        #expect(refused.status == 1 && refused.errors.contains("roost pull tiny"), "\(refused)")
    }

    @Test(
        "say in one sentence what is wrong, and end with a failing status",
        arguments: [
            (["show", "nothing"], 1, "There is no model “nothing”"), (["rm", "nothing"], 1, "There is no model"),
            (["rm", "../../etc"], 1, "is not a model name"), (["cp", "nothing", "x"], 1, "There is no model"),
            (["import", "/nothing.gguf"], 1, "No such file"), (["import", "/dev"], 1, "no .gguf file"),
            (["show"], 1, "active"), (["cp", "one"], 64, "Missing expected argument"), (["import"], 64, "Missing"),
            (["list", "--json", "--quiet"], 64, "Choose one"), (["activate", "x", "--none"], 64, "not both"),
            (["verify", "--wrong"], 64, "Unknown option"), (["verify", "x", "--all"], 64, "not both"),
            (["move"], 64, "Missing"), (["move", "/dev/null"], 1, "cannot be a model folder"),
            (["show", "--license", "--json"], 64, "Choose one"),
        ] as [([String], Int32, String)])
    func failures(arguments: [String], status: Int32, text: String) async throws {
        let outcome = try await roost.run(arguments)
        #expect(outcome.status == status, "\(outcome)")
        #expect(outcome.errors.contains(text), "\(outcome)")
        #expect(outcome.output.isEmpty, "\(outcome)")
        #expect(!outcome.errors.contains("\u{1B}"), "no colour in a pipe")
    }

    @Test("do not take a taken name, unless told to")
    func takenName() async throws {
        let other = folder.appendingPathComponent("other.gguf")
        try TinyModel.llama(seed: 5).write(to: other)
        #expect(try await roost.run("import", file.path, "--name", "tiny").status == 0)
        let refused = try await roost.run("import", other.path, "-n", "tiny")
        #expect(refused.status == 1 && refused.errors.contains("with other content"), "\(refused)")
        #expect(try await roost.run("import", other.path, "-n", "tiny", "--replace").status == 0)
        #expect(try await ModelStore(root: roost.home).check().isConsistent)
    }
}
