import Foundation
import ModelFixtures
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// `roost serve`, `ps` and `stop`, as a user runs them.
@Suite(.serialized) struct ServeCommandTests {
    private let folder = TemporaryHome()

    @Test func `without a server ps and stop say so`() async throws {
        let roost = try BuiltProgram(home: folder.url)
        let ps = try await roost.run("ps")
        #expect(ps.status == 0)
        #expect(ps.output.isEmpty)
        #expect(ps.errors.contains("No server runs"))
        let json = try await roost.run("ps", "--json")
        #expect((try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [Any])?.isEmpty == true)
        let stop = try await roost.run("stop", "--server")
        #expect(stop.status == 0)
        #expect(stop.errors.contains("nothing to stop"))
        #expect(try await roost.run("stop").status == 64)
    }

    @Test func `ps shows a loaded model until stop takes it out of memory`() async throws {
        try await folder.importTinyModel()
        let roost = try BuiltProgram(home: folder.url)
        let server = try ServedProgram(home: folder.url)
        defer { server.kill() }
        let address = try await server.start()
        #expect(try await roost.run("ps").output.contains("no model in memory"))
        let answer = try await Self.post("\(address)/api/generate", #"{"model":"tiny"}"#)
        #expect(answer.contains(#""done_reason":"load""#))
        let ps = try await roost.run("ps")
        #expect(ps.output.contains("NAME") && ps.output.contains("tiny:latest"))
        let json = try JSONSerialization.jsonObject(with: Data(try await roost.run("ps", "--json").output.utf8))
        let row = try #require((json as? [[String: Any]])?.first)
        #expect(row["name"] as? String == "tiny:latest")
        #expect((row["byteCount"] as? Int ?? 0) > 0)
        #expect(try await roost.run("stop", "tiny").status == 0)
        #expect(try await roost.run("ps", "--quiet").output.isEmpty)
        let unknown = try await roost.run("stop", "nobody")
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("model 'nobody' not found"))
        server.terminate()
        #expect(try await server.status() == 0)
    }

    @Test func `stop --server ends the server and returns when it is gone`() async throws {
        let roost = try BuiltProgram(home: folder.url)
        let server = try ServedProgram(home: folder.url)
        defer { server.kill() }
        _ = try await server.start()
        let second = try await roost.run("serve", "--port", "0")
        #expect(second.status == 1)
        #expect(second.errors.contains("already runs") && second.errors.contains("\(server.processIdentifier)"))
        let stop = try await roost.run("stop", "--server")
        #expect(stop.status == 0)
        #expect(stop.output.contains("\(server.processIdentifier)"))
        #expect(try await server.status() == 0)
        #expect(try await roost.run("ps").errors.contains("No server runs"))
    }

    @Test(arguments: [
        (["serve", "--host", "0.0.0.0"], 1 as Int32, "--insecure"), (["serve", "--port", "70000"], 1, "70000"),
        (["serve", "--keep-alive", "soon"], 64, "soon"), (["serve", "--host", "a b"], 1, "--host"),
    ])
    func `settings that cannot be are refused`(arguments: [String], status: Int32, part: String) async throws {
        let outcome = try await BuiltProgram(home: folder.url).run(arguments)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(part))
    }

    private static func post(_ address: String, _ body: String) async throws -> String {
        var request = URLRequest(url: try #require(URL(string: address)))
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
        return String(decoding: try await URLSession.shared.data(for: request).0, as: UTF8.self)
    }
}
