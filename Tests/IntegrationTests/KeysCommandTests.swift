import Foundation
import ModelFixtures
import ModelStore
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// `roost keys`, and the server that asks for them, as a user runs them.
@Suite(.serialized) struct KeysCommandTests {
    private let folder = KeysHome()

    private func roost() throws -> BuiltProgram { try BuiltProgram(home: folder.url) }

    @Test func `create prints the key alone, list has it without, and revoke takes it away`() async throws {
        let roost = try roost()
        #expect(try await roost.run("keys").output.contains("No keys"))
        let created = try await roost.run(
            "keys", "create", "laptop", "--scope", "infer", "--scope", "pull", "--model", "gemma3*", "--expires", "90d")
        #expect(created.status == 0)
        let key = created.output.trimmingCharacters(in: .newlines)
        #expect(created.output == key + "\n" && key.hasPrefix("roost_") && key.utf8.count == 58)
        for part in [
            "laptop", "infer, pull", "gemma3*", "Bearer", "OPENAI_API_KEY", "OLLAMA_API_KEY", "asks everybody",
        ] {
            #expect(created.errors.contains(part), "\(part)")
        }
        #expect(!created.errors.contains(key))
        let list = try await roost.run("keys", "list")
        #expect(list.output.contains("laptop") && list.output.contains("infer,pull") && list.output.contains("gemma3*"))
        #expect(!list.output.contains(key.suffix(43)))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(try await roost.run("keys", "list", "--json").output.utf8))
                as? [[String: Any]])
        #expect(json.first?["name"] as? String == "laptop")
        #expect(json.first?["scopes"] as? [String] == ["infer", "pull"])
        #expect(json.first?["expiresAt"] is String)
        #expect(try await roost.run("keys", "list", "--quiet").output == "laptop\n")
        let revoked = try await roost.run("keys", "revoke", "laptop")
        #expect(revoked.status == 0)
        #expect(revoked.errors.contains("No key is left"))
        #expect(try await roost.run("keys", "list", "--quiet").output.isEmpty)
    }

    @Test func `create --json has all that list has, and the key`() async throws {
        let output = try await roost().run("keys", "create", "ci", "--json").output
        let json = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        #expect(json["name"] as? String == "ci")
        #expect(json["scopes"] as? [String] == ["infer", "read"])
        #expect((json["key"] as? String)?.hasPrefix("roost_") == true)
        #expect(json["expiresAt"] == nil)
    }

    @Test(arguments: [
        (["create", "a b"], 1 as Int32, "a b"), (["create", "a", "--scope", "all"], 64, "all"),
        (["create", "a", "--expires", "soon"], 64, "soon"), (["create", "a", "--model", "a b"], 64, "a b"),
        (["revoke", "nobody"], 1, "nobody"), (["revoke"], 64, "name"),
    ])
    func `what cannot be is refused`(arguments: [String], status: Int32, part: String) async throws {
        let outcome = try await roost().run(["keys"] + arguments)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(part))
    }

    @Test func `processes that make keys at once lose none`() async throws {
        let roost = try roost()
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for index in 0..<8 { group.addTask { try await roost.run("keys", "create", "key\(index)").status } }
            for try await status in group { #expect(status == 0) }
        }
        let names = try await roost.run("keys", "list", "--quiet").output.split(separator: "\n").map(String.init)
        #expect(names == (0..<8).map { "key\($0)" })
    }

    @Test func `a file that others may read is refused, and doctor says so`() async throws {
        let roost = try roost()
        _ = try await roost.run("keys", "create", "a")
        let path = folder.url.appending(path: "keys/access.json").path
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        for arguments in [["keys", "list"], ["keys", "create", "b"], ["serve", "--port", "0"]] {
            let outcome = try await roost.run(arguments)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("chmod 600"), "\(arguments)")
        }
        #expect(try await roost.run("doctor").output.contains("chmod 600"))
    }

    @Test func `keys are revoked, and the server is ended, also while config.toml has a mistake`() async throws {
        let roost = try roost()
        _ = try await roost.run("keys", "create", "a")
        let server = try ServedProgram(home: folder.url)
        defer { server.kill() }
        _ = try await server.start()
        try Data("keep_alve = 1\n".utf8).write(to: folder.url.appending(path: "config.toml"))
        for arguments in [["keys", "list"], ["keys", "revoke", "a"], ["ps"], ["stop", "--server"]] {
            let outcome = try await roost.run(arguments)
            #expect(outcome.status == 0, "\(arguments): \(outcome)")
        }
        #expect(try await server.status() == 0)
    }

    @Test func `a server asks strangers for a key and its owner's commands for none`() async throws {
        try await folder.importTinyModel()
        let roost = try roost()
        let server = try ServedProgram(home: folder.url)
        defer { server.kill() }
        let address = try await server.start()
        #expect(try await Self.status("\(address)/api/tags", key: nil) == 200)
        let key = try await roost.run("keys", "create", "a").output.trimmingCharacters(in: .newlines)
        #expect(try await Self.status("\(address)/api/tags", key: nil) == 401)
        #expect(try await Self.status("\(address)/api/tags", key: key) == 200)
        #expect(try await Self.status("\(address)/api/version", key: nil) == 200)
        #expect(try await roost.run("pin", "tiny").status == 0)
        #expect(try await roost.run("ps", "--quiet").output == "tiny:latest\n")
        let answer = try await roost.run("run", "tiny", "a", "--max-tokens", "2")
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(try await roost.run("stop", "tiny").status == 0)
        #expect(try await roost.run("keys", "revoke", "a").status == 0)
        #expect(try await Self.status("\(address)/api/tags", key: key) == 401)
        #expect(try await roost.run("stop", "--server").status == 0)
        #expect(try await server.status() == 0)
    }

    /// 192.0.2.1 is nobody's (RFC 5737): the server says what it has to say and does not come to listen.
    @Test func `listening beyond this machine wants keys and TLS, and --insecure says what it means`() async throws {
        let roost = try roost()
        let refused = try await roost.run("serve", "--host", "192.0.2.1", "--port", "0")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("roost keys create") && refused.errors.contains("TLS"))
        let insecure = try await roost.run("serve", "--host", "192.0.2.1", "--port", "0", "--insecure")
        #expect(insecure.errors.contains("nobody needs a key") && insecure.errors.contains("Nothing is encrypted"))
        _ = try await roost.run("keys", "create", "a")
        let keyed = try await roost.run("serve", "--host", "192.0.2.1", "--port", "0")
        #expect(keyed.status == 1)
        #expect(!keyed.errors.contains("roost keys create") && keyed.errors.contains("TLS"))
        var ollama = roost
        ollama.environment["OLLAMA_ORIGINS"] = "*"
        let origins = try await ollama.run("serve", "--host", "192.0.2.1", "--port", "0", "--insecure")
        #expect(origins.errors.contains("OLLAMA_ORIGINS") && origins.errors.contains("--allow-origin"))
    }

    private static func status(_ address: String, key: String?) async throws -> Int? {
        var request = URLRequest(url: try #require(URL(string: address)))
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        return (try await URLSession.shared.data(for: request).1 as? HTTPURLResponse)?.statusCode
    }
}

/// A home directory that goes with its owner.
private final class KeysHome: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "roost-keys-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Puts a model named `tiny` into the store.
    func importTinyModel() async throws {
        let store = try await ModelStore(root: url)
        let file = url.appending(path: "tiny.gguf")
        try TinyModel.llama().write(to: file)
        _ = try await store.importFile(at: file, as: ModelName(parsing: "tiny"))
    }
}
