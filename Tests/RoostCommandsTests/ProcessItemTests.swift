import Foundation
import Roost
import Testing

@testable import RoostCommands

@Suite("A row of roost ps")
struct ProcessItemTests {
    private func item(_ fields: String) throws -> ProcessItem {
        let body =
            #"{"name":"a:latest","digest":"0123456789abcdef","size":1048576,"context_length":64,"#
            + #""expires_at":"2030-01-01T00:00:00Z"\#(fields)}"#
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let model = try decoder.decode(ServerProcesses.Model.self, from: Data(body.utf8))
        return ProcessItem(model, now: try Date("2029-12-31T23:59:00Z", strategy: .iso8601))
    }

    @Test(
        "What stands around a model is shown with its process",
        arguments: [
            (#","isolation":"sandboxed","pid":4711"#, "sandboxed 4711"),
            (#","isolation":"unsandboxed","pid":4711"#, "unsandboxed 4711"),
            (#","isolation":"in-process""#, "in-process"),
            ("", ""),
        ])
    func process(fields: String, expected: String) throws {
        #expect(try item(fields).process == expected)
        #expect(try item(fields).cells.contains(expected))
    }

    @Test("A pinned model is shown as pinned, another with the time it has left")
    func pinned() throws {
        #expect(try item(#","pinned":true"#).cells.last == "pinned")
        #expect(try item(#","pinned":false"#).isPinned == false)
        #expect(try item("").cells.last != "pinned")
    }

    @Test("What was given up for it is read as the server names it")
    func retreats() throws {
        let told = try item(#","retreats":[{"message":"coarser","changes_quality":true}]"#).retreats
        #expect(told == [LoadRetreat(message: "coarser", changesQuality: true)])
    }
}
