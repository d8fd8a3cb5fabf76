import EngineFixtures
import Foundation
import HubSimulator
import ModelFixtures
import NIOHTTP1
import Roost
import Testing
import Waiting

@testable import RoostServer

extension ServerTests {
    @Suite struct WebSocketTests {
        private static func chat(_ id: String, model: String = "chat", tokens: Int = 6) -> String {
            #"{"type":"chat","id":"\#(id)","model":"\#(model)","max_tokens":\#(tokens),"seed":1,"ignore_eos":true,"#
                + #""messages":[{"role":"user","content":"Say something."}]}"#
        }

        // MARK: Opening

        @Test func `a handshake is answered by the rules, and the server greets`() async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server, headers: ["Sec-WebSocket-Protocol": "other, roost.v1"]) { socket in
                    #expect(socket.status == 101)
                    // The example of RFC 6455, section 1.3.
                    #expect(socket.head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
                    #expect(socket.head.lowercased().contains("sec-websocket-protocol: roost.v1"))
                    let hello = try await socket.message()
                    #expect(hello.string("type") == "hello")
                    #expect(hello.string("session")?.count == 32)
                    #expect(hello.int("max_chats") == 32)
                }
            }
        }

        @Test(
            arguments: [
                (["Host": "evil.test"], 403), (["Origin": "https://evil.test"], 403), (["Host": nil], 403),
                (["Upgrade": nil], 426), (["Connection": "close"], 426), (["Sec-WebSocket-Version": "12"], 426),
                (["Sec-WebSocket-Key": "c2hvcnQ="], 400), (["Sec-WebSocket-Key": nil], 400),
                (["Content-Length": "3"], 400),
            ] as [([String: String?], Int)])
        func `the guards and the rules hold for handshakes`(headers: [String: String?], status: Int) async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server, headers: headers) { socket in
                    #expect(socket.status == status, "\(socket.head)")
                    #expect(!socket.head.lowercased().contains("sec-websocket-accept"))
                }
            }
        }

        // MARK: Messages

        @Test func `a chat comes in numbered pieces and ends with what it took`() async throws {
            try await TestServer.run { server in
                let whole = try await server.send(
                    .POST, "/v1/chat/completions",
                    #"{"model":"chat","max_tokens":6,"seed":1,"ignore_eos":true,"#
                        + #""messages":[{"role":"user","content":"Say something."}]}"#)
                try await TestSocket.run(server) { socket in
                    try await socket.send(Self.chat("a"))
                    var numbers: [Int] = []
                    var text = ""
                    var done: JSONObject?
                    while done == nil {
                        let message = try await socket.message()
                        if let number = message.int("seq") { numbers.append(number) }
                        text += message.string("text") ?? ""
                        if message.string("type") == "chat.done" { done = message }
                    }
                    #expect(numbers == Array(1...numbers.count))
                    #expect(try text == whole.json.string("choices.0.message.content"))
                    #expect(done?.string("choices.0.finish_reason") == "length")
                    #expect(done?.int("usage.completion_tokens") == 6)
                }
            }
        }

        @Test func `chats go on beside each other, each under its own id`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                try await TestSocket.run(server) { socket in
                    let ids = ["one", "two", "three"]
                    for id in ids {
                        try await socket.send(Self.chat(id, model: "endless", tokens: 50_000_000))
                    }
                    // One after the other would tell of the first alone, for hours.
                    var counts: [String: Int] = [:]
                    let deadline = ContinuousClock.now + .seconds(300)
                    while ids.contains(where: { counts[$0, default: 0] < 2 }), ContinuousClock.now < deadline {
                        let message = try await socket.message()
                        guard let id = message.string("id") else { continue }
                        #expect(message.string("type") == "chat.delta")
                        counts[id, default: 0] += 1
                    }
                    #expect(Set(counts.keys) == Set(ids) && counts.values.allSatisfy { $0 >= 2 }, "\(counts)")
                    for id in ids {
                        try await socket.send(#"{"type":"cancel","id":"\#(id)"}"#)
                        let done = try await socket.message("chat.done", id: id)
                        #expect(done.string("choices.0.finish_reason") == "cancelled")
                    }
                }
            }
        }

        @Test func `cancelling ends a chat at once and frees its place`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                try await TestSocket.run(server) { socket in
                    try await socket.send(Self.chat("long", model: "endless", tokens: 50_000_000))
                    _ = try await socket.message("chat.delta", id: "long")
                    try await socket.send(#"{"type":"cancel","id":"long"}"#)
                    let done = try await socket.message("chat.done", id: "long")
                    #expect(done.string("choices.0.finish_reason") == "cancelled")
                    while try await server.activeRequestCount() > 0 { try await Task.sleep(for: .milliseconds(1)) }
                    try await socket.send(#"{"type":"cancel","id":"long"}"#)
                    #expect(try await socket.message().string("error.code") == "chat_not_found")
                }
            }
        }

        @Test func `what is wrong with a message is said, and the connection stays`() async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server) { socket in
                    _ = try await socket.message("hello")
                    for (text, code, field) in [
                        ("{", "invalid_json", nil), ("[]", "invalid_request", "type"),
                        (#"{"type":"dance"}"#, "invalid_request", "type"),
                        (#"{"type":"chat","model":"chat","messages":[]}"#, "invalid_request", "id"),
                        (#"{"type":"chat","id":"x","model":"chat","messages":[]}"#, "invalid_request", "messages"),
                        (#"{"type":"subscribe","topics":["weather"]}"#, "invalid_request", "topics[0]"),
                        (#"{"type":"ping","id":7}"#, "invalid_request", "id"),
                        (#"{"type":"ping","extra":1}"#, "invalid_request", "extra"),
                        (#"{"type":"resume","session":"0","last_seq":-1}"#, "invalid_request", "last_seq"),
                        (#"{"type":"resume","session":"0","last_seq":0}"#, "session_expired", nil),
                        (String(repeating: "[", count: 5000), "invalid_request", nil),
                    ] as [(String, String, String?)] {
                        try await socket.send(text)
                        let answer = try await socket.message()
                        #expect(answer.string("type") == "error", "\(text.prefix(80))")
                        #expect(answer.string("error.code") == code, "\(text.prefix(80))")
                        #expect(answer.string("error.field") == field, "\(text.prefix(80))")
                    }
                    try await socket.send(
                        #"{"type":"chat","id":"x","model":"nobody","messages":[{"role":"user","content":"a"}]}"#)
                    let missing = try await socket.message()
                    #expect(missing.string("error.code") == "model_not_found")
                    #expect(missing.string("id") == "x")
                    try await socket.send(#"{"type":"ping","id":"p"}"#)
                    #expect(try await socket.message("pong").string("id") == "p")
                }
            }
        }

        @Test func `no more chats run at a time than are allowed`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.webSocketResumeDuration = .milliseconds(50)
            } _: { server in
                try await TestSocket.run(server) { socket in
                    for number in 0...32 {
                        try await socket.send(Self.chat("\(number)", model: "endless", tokens: 50_000_000))
                    }
                    var refused: String?
                    while refused == nil {
                        let message = try await socket.message()
                        if message.string("type") == "error" { refused = message.string("error.code") }
                    }
                    #expect(refused == "too_many_chats")
                    try await socket.send(Self.chat("0", model: "endless"))
                    while true {
                        let message = try await socket.message()
                        guard message.string("type") == "error" else { continue }
                        #expect(message.string("error.code") == "duplicate_id")
                        break
                    }
                }
                // Whoever leaves takes his chats with him, soon or, when he says so, at once.
                try await TestSocket.run(server) { socket in
                    try await socket.send(Self.chat("only", model: "endless", tokens: 50_000_000))
                    _ = try await socket.message("chat.delta")
                    try await socket.write(0x88, Data([0x03, 0xE8]))
                    #expect(try await socket.closeCode() == 1000)
                }
            }
        }

        @Test func `topics tell what is and what comes`() async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server) { socket in
                    try await socket.send(#"{"type":"subscribe","id":"s","topics":["loaded","health"]}"#)
                    var seen: Set<String> = []
                    while !seen.isSuperset(of: ["subscribed", "loaded", "health"]) {
                        let message = try await socket.message()
                        seen.insert(message.string("event") ?? message.string("type") ?? "")
                    }
                    try await server.manager.load("base")
                    while true {
                        let message = try await socket.message("event")
                        if message.string("data.models.0.name") == TestServer.base { break }
                    }
                    try await socket.send(#"{"type":"unsubscribe","id":"u","topics":["loaded","health"]}"#)
                    #expect(try await socket.message("subscribed", id: "u").count("topics") == 0)
                }
            }
        }

        @Test func `a download's end is told, however often the topics change as it comes`() async throws {
            var layer = SimulatedLayer("model", "")
            layer.bytes = try TinyModel.llama(chatTemplate: TinyModel.chatML).bytes()
            try await OllamaSimulator.run(["library/tiny:1b": [layer]]) { registry in
                let environment = [
                    "ROOST_OLLAMA_REGISTRY": registry.registry.address, "HF_ENDPOINT": registry.registry.address,
                ]
                try await TestServer.run(environment: environment) { server in
                    try await server.manager.setBandwidthLimit(10_000)
                    try await TestSocket.run(server) { socket in
                        try await socket.send(#"{"type":"subscribe","topics":["downloads"]}"#)
                        _ = try await socket.message("subscribed")
                        _ = try await server.send(.POST, "/roost/v1/downloads", #"{"model":"tiny:1b"}"#)
                        while try await socket.message("event").string("data.state") != "downloading" {}
                        let path = "/roost/v1/downloads/tiny:1b/cancel"
                        #expect(try await server.send(.POST, path).status == 202)
                        var (isTold, number) = (false, 0)
                        #expect(
                            try await eventually {
                                number += 1
                                let type = number.isMultiple(of: 2) ? "unsubscribe" : "subscribe"
                                try await socket.send(#"{"type":"\#(type)","id":"\#(number)","topics":["loaded"]}"#)
                                while true {
                                    let message = try await socket.message()
                                    if message.string("data.state") == "cancelled" { isTold = true }
                                    if message.string("id") == "\(number)" { return isTold }
                                }
                            })
                    }
                }
            }
        }

        // MARK: Frames

        @Test(
            arguments: [
                ("not masked", [0x81, 0x02, 0x7B, 0x7D], 1002),
                ("a reserved bit", [0xC1, 0x80, 1, 2, 3, 4], 1002),
                ("an unknown kind", [0x83, 0x80, 1, 2, 3, 4], 1002),
                ("an unknown control frame", [0x8B, 0x80, 1, 2, 3, 4], 1002),
                ("nothing to continue", [0x80, 0x80, 1, 2, 3, 4], 1002),
                ("a message in a message", [0x01, 0x80, 1, 2, 3, 4, 0x81, 0x80, 1, 2, 3, 4], 1002),
                ("a ping in pieces", [0x09, 0x80, 1, 2, 3, 4], 1002),
                ("a long ping", [0x89, 0xFE, 0, 126, 1, 2, 3, 4], 1002),
                ("a close code of one byte", [0x88, 0x81, 0, 0, 0, 0, 3], 1002),
                ("a close code that may not be", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED], 1002),
                ("binary", [0x82, 0x81, 0, 0, 0, 0, 7], 1003),
                ("not UTF-8", [0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28], 1007),
                ("too large", [0x81, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 1, 1, 2, 3, 4], 1009),
                ("larger than can be", [0x81, 0xFF, 0xFF, 0, 0, 0, 0, 0x10, 0, 1, 1, 2, 3, 4], 1009),
            ] as [(String, [UInt8], Int)])
        func `frames that break the rules close the connection with their code`(
            what: String, bytes: [UInt8], code: Int
        ) async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server) { socket in
                    _ = try await socket.message("hello")
                    try await socket.write(raw: bytes)
                    #expect(try await socket.closeCode() == code, "\(what)")
                }
                #expect(try await server.send(.GET, "/health").status == 200)
            }
        }

        @Test func `fragments make a message, pings may stand between, and the sum is limited`() async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server) { socket in
                    _ = try await socket.message("hello")
                    try await socket.write(0x01, Data(#"{"type":"pi"#.utf8))
                    try await socket.write(0x89, Data("now".utf8))
                    try await socket.write(0x00, Data(#"ng","id":"#.utf8))
                    try await socket.write(0x80, Data(#""f"}"#.utf8))
                    let pong = try #require(try await socket.frame())
                    #expect(pong.opcode == 10)
                    #expect(pong.data == Data("now".utf8))
                    #expect(try await socket.message("pong").string("id") == "f")
                    let part = Data(repeating: 0x20, count: 600 << 10)
                    try await socket.write(0x01, part)
                    try await socket.write(0x80, part)
                    #expect(try await socket.closeCode() == 1009)
                }
            }
        }

        @Test func `a peer that does not answer pings is let go, one that does stays`() async throws {
            try await TestServer.run {
                $0.webSocketPingInterval = .seconds(1)
            } _: { server in
                // Who answers too late is let go earlier.
                let gotAll = try await eventually {
                    let pingCount = try await TestSocket.run(server) { socket in
                        var count = 0
                        while let frame = try await socket.frame() {
                            guard frame.opcode == 9 else { continue }
                            count += 1
                            // Answers three, then none.
                            if count <= 3 { try? await socket.write(0x8A, frame.data) }
                        }
                        return count
                    }
                    #expect(pingCount <= 4)
                    return pingCount == 4
                }
                #expect(gotAll)
            }
        }
    }
}
