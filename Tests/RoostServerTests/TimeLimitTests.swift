import Foundation
import NIOHTTP1
import Roost
import RoostServer
import Testing
import Waiting

extension ServerTests {
    /// `request_timeout`, and keys at the WebSocket's door.
    @Suite struct TimeLimitTests {
        @Test(
            arguments: [
                ("/api/generate", #""prompt":"a""#),
                ("/api/chat", #""messages":[{"role":"user","content":"a"}]"#),
                ("/v1/chat/completions", #""ignore_eos":true,"messages":[{"role":"user","content":"a"}]"#),
                ("/v1/messages", #""temperature":0,"max_tokens":90000000,"messages":[{"role":"user","content":"a"}]"#),
            ])
        func `an answer that takes longer than is allowed ends with an error`(
            path: String, fields: String
        ) async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.requestDuration = .milliseconds(400)
            } _: { server in
                for isStreamed in [true, false] {
                    let body = #"{"model":"endless","stream":\#(isStreamed),\#(fields)}"#
                    var replies: [Reply] = []
                    _ = try await eventually {
                        let reply = try await server.send(.POST, path, body)
                        replies.append(reply)
                        // On a busy machine nothing may have come within the time: then no stream begins.
                        return !isStreamed || reply.status != 503 || !reply.text.contains("time limit")
                    }
                    let reply = try #require(replies.last)
                    #expect(reply.status == (isStreamed ? 200 : 503), "\(reply.text.suffix(400))")
                    let end = reply.text.suffix(400)
                    #expect(end.contains("error") && end.contains("time limit"), "\(end)")
                }
                while try await server.activeRequestCount() > 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
        }

        @Test func `a WebSocket is for callers whose key may compute`() async throws {
            try await TestServer.run { server in
                let keys = [try server.key("all"), try server.key("look", [.read])]
                try await TestSocket.run(server) { #expect($0.status == 401) }
                for (key, status) in zip(keys, [101, 403]) {
                    try await TestSocket.run(server, headers: ["Authorization": "Bearer \(key)"]) { socket in
                        #expect(socket.status == status, "\(socket.head)")
                    }
                }
            }
        }
    }
}
