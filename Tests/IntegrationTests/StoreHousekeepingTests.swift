import Foundation
import ModelFixtures
import ModelStore
import Testing

/// The commands that keep the store's folder in order, as a user types them.
@Suite("The store's housekeeping commands")
final class StoreHousekeepingTests: Sendable {
    private let folder: URL
    private let roost: BuiltProgram
    private let model: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("roost-keeping-\(UUID().uuidString)")
        model = folder.appendingPathComponent("model")
        try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
        roost = try BuiltProgram(home: folder.appendingPathComponent("home"))
        for (index, part) in TinyModel.llama(chatTemplate: TinyModel.chatML).parts(3).enumerated() {
            try part.write(to: model.appendingPathComponent("tiny-0000\(index + 1)-of-00003.gguf"))
        }
        try TinyModel.projector().write(to: model.appendingPathComponent("mmproj-tiny.gguf"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("import a folder or one part as the whole model, and the model answers")
    func partsAndProjector() async throws {
        let imported = try await roost.run("import", model.path)
        #expect(imported.status == 0 && imported.output.hasPrefix("Imported tiny ("), "\(imported)")
        let shown = try await roost.run("show", "tiny").output
        #expect(shown.contains("projector") && shown.contains("shard") && shown.contains("vision"), "\(shown)")
        let part = model.appendingPathComponent("tiny-00002-of-00003.gguf")
        #expect(try await roost.run("import", part.path, "--name", "text").status == 0)
        for name in ["tiny", "text"] {
            let answer = try await roost.run("run", name, "Hello", "--max-tokens", "4", "--temperature", "0")
            #expect(answer.status == 0, "\(answer)")
        }
        try FileManager.default.removeItem(at: part)
        let missing = try await roost.run("import", model.path, "--name", "x")
        #expect(missing.status == 1 && missing.errors.contains("tiny-00002-of-00003.gguf"), "\(missing)")
    }

    @Test("move the models away and back; what is used and freed adds up")
    func moving() async throws {
        #expect(try await roost.run("import", model.path, "--copy").status == 0)
        let before = try object(try await roost.run("du", "--json").output)
        let away = folder.appendingPathComponent("away")
        let moved = try await roost.run("move", away.path)
        #expect(moved.status == 0 && moved.output.hasPrefix("Moved 4 files"), "\(moved)")
        #expect(try await roost.run("move", away.path).output.contains("already"))
        #expect(try await roost.run("verify", "--all").output == "tiny: intact (4 files)\n")
        let after = try object(try await roost.run("du", "--json").output)
        let models = { (use: [String: Any]) in (use["models"] as? [[String: Any]])?.first?["ownByteCount"] as? Int64 }
        #expect(models(before) == models(after) && models(before) ?? 0 > 0)
        #expect(try await roost.run("du").output.contains("default"))
        #expect(try await roost.run("move", roost.home.path).status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: away.path + "/blobs").isEmpty)
    }

    @Test("remove nothing without a terminal or --yes")
    func asking() async throws {
        #expect(try await roost.run("import", model.path).status == 0)
        let refused = try await roost.run("rm", "tiny")
        #expect(refused.status == 1 && refused.errors.contains("--yes"), "\(refused)")
        #expect(refused.errors.split(separator: "\n").count == 1 && refused.output.isEmpty)
        #expect(try await roost.run("list", "-q").output == "tiny:latest\n")

        let stray = roost.home.appendingPathComponent("quarantine/x")
        try Data("12345".utf8).write(to: stray)
        #expect(try await roost.run("prune").output == "Nothing to remove.\n")
        let shown = try await roost.run("prune", "--quarantine", "--dry-run")
        #expect(shown.status == 0 && shown.output.contains("quarantined file"), "\(shown)")
        #expect(try await roost.run("prune", "--quarantine").status == 1)
        #expect(FileManager.default.fileExists(atPath: stray.path))
        let pruned = try object(try await roost.run("prune", "--quarantine", "--yes", "--json").output)
        #expect(pruned["freedByteCount"] as? Int == 5)
        #expect(!FileManager.default.fileExists(atPath: stray.path))
        #expect(try await roost.run("rm", "tiny", "--yes").status == 0)
        #expect(try await ModelStore(root: roost.home).check().isConsistent)
    }
}
