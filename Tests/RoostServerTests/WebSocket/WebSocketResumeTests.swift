import Foundation
import Roost
import SystemBuffers
import Testing
import Waiting

@testable import RoostServer

extension ServerTests {
    @Suite struct WebSocketResumeTests {
        private static func chat(_ id: String, model: String, tokens: Int) -> String {
            #"{"type":"chat","id":"\#(id)","model":"\#(model)","max_tokens":\#(tokens),"seed":1,"ignore_eos":true,"#
                + #""messages":[{"role":"user","content":"Say something."}]}"#
        }

        @Test func `after a lost connection the chat goes on where it was, without a hole`() async throws {
            try await TestServer.run { server in
                let whole = try await TestSocket.run(server) { socket in
                    try await socket.send(Self.chat("a", model: "chat", tokens: 60))
                    return try await socket.answer("a").text
                }
                var text = ""
                var last = 0
                let token = try await TestSocket.run(server) { socket in
                    let token = try await socket.message("hello").string("session")
                    try await socket.send(Self.chat("a", model: "chat", tokens: 60))
                    while last < 3 {
                        let delta = try await socket.message("chat.delta")
                        text += delta.string("text") ?? ""
                        last = try #require(delta.int("seq"))
                    }
                    return try #require(token)
                }
                try await TestSocket.run(server) { socket in
                    _ = try await socket.message("hello")
                    try await socket.send(#"{"type":"resume","id":"r","session":"\#(token)","last_seq":\#(last)}"#)
                    let resumed = try await socket.message("resumed", id: "r")
                    #expect(resumed.string("session") == token)
                    while true {
                        let message = try await socket.message()
                        #expect(message.int("seq") == last + 1)
                        last += 1
                        text += message.string("text") ?? ""
                        if message.string("type") == "chat.done" { break }
                    }
                    #expect(text == whole)
                }
            }
        }

        @Test func `a session has one connection: the newest`() async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server) { socket in
                    let token = try await socket.message("hello").string("session") ?? ""
                    try await socket.send(Self.chat("a", model: "chat", tokens: 4))
                    _ = try await socket.answer("a")
                    try await TestSocket.run(server) { other in
                        _ = try await other.message("hello")
                        try await other.send(#"{"type":"resume","id":"r","session":"\#(token)","last_seq":1}"#)
                        let resumed = try await other.message("resumed")
                        #expect(resumed.int("replayed") ?? 0 > 1)
                        #expect(try await socket.closeCode() == 1008)
                        try await other.send(#"{"type":"resume","id":"r","session":"\#(token)","last_seq":1}"#)
                        while true {
                            let message = try await other.message()
                            guard message.string("type") == "error" else { continue }
                            #expect(message.string("error.code") == "resume_first")
                            break
                        }
                    }
                }
            }
        }

        @Test func `a session whose client does not come back ends, with its chats`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.webSocketResumeDuration = .milliseconds(50)
            } _: { server in
                let token = try await TestSocket.run(server) { socket in
                    let token = try await socket.message("hello").string("session") ?? ""
                    try await socket.send(Self.chat("a", model: "endless", tokens: 50_000_000))
                    _ = try await socket.message("chat.delta")
                    return token
                }
                while try await server.activeRequestCount() > 0 { try await Task.sleep(for: .milliseconds(1)) }
                var code: String?
                while code == nil {
                    // Whoever finds it yet keeps it alive: the next look comes when it should be gone.
                    code = try await TestSocket.run(server) { socket in
                        _ = try await socket.message("hello")
                        try await socket.send(#"{"type":"resume","session":"\#(token)","last_seq":1}"#)
                        return try await socket.message().string("error.code")
                    }
                    if code == nil { try await Task.sleep(for: .milliseconds(200)) }
                }
                #expect(code == "session_expired")
            }
        }

        @Test func `a client that does not read makes nothing grow, and loses its chat`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                try await TestSocket.run(server, receiveBuffer: 4096) { socket in
                    // With all that can be told of each token, what the system itself takes is soon full.
                    let chat = Self.chat("long", model: "endless", tokens: 50_000_000)
                    try await socket.send(#"{"logprobs":true,"top_logprobs":20,"# + chat.dropFirst())
                    // Not reading: the chat must end by itself. It may run too short to be seen running.
                    let model = ["model": TestServer.endless]
                    #expect(
                        try await eventually {
                            guard try await Metrics(server)["roost_generations_total", model] == 1 else { return false }
                            return try await server.activeRequestCount() == 0
                        })
                    // What was kept for it, here and by the system, is bounded.
                    var byteCount = 0
                    while true {
                        let frame = try #require(try await socket.frame())
                        byteCount += frame.data.count
                        guard frame.opcode == 1 else { continue }
                        let message = try JSONObject(frame.data)
                        guard message.string("type") == "error" else { continue }
                        #expect(message.string("error.code") == "slow_reader")
                        break
                    }
                    #expect(
                        byteCount < SystemBuffers.sentByteCount + 1 << 20,
                        "the system keeps \(SystemBuffers.sentByteCount)")
                }
            }
        }

        @Test func `of pings that come while nothing is read the newest is answered`() async throws {
            try await TestServer.run { server in
                try await TestSocket.run(server, receiveBuffer: 4096) { socket in
                    // More than the system keeps, if each were answered.
                    let rounds = (SystemBuffers.sentByteCount + 1 << 20) / 127 / 500
                    let ping: [UInt8] = [0x89, 0xFD, 0, 0, 0, 0] + Array(repeating: 0x61, count: 125)
                    let pings = Array(repeatElement(ping, count: 500).joined())
                    for _ in 0..<rounds { try await socket.write(raw: pings) }
                    try await socket.write(0x89, Data("last".utf8))
                    // All of them have come when what was sent after them has.
                    try await socket.send(Self.chat("a", model: "chat", tokens: 1))
                    #expect(try await eventually { try await !server.manager.loadedModels().isEmpty })
                    var answered = 0
                    while let frame = try await socket.frame() {
                        guard frame.opcode == 10 else { continue }
                        answered += 1
                        if frame.data == Data("last".utf8) { break }
                    }
                    #expect(answered > 0 && answered < rounds * 500, "\(answered) of \(rounds * 500)")
                }
            }
        }

        @Test func `a client that closes while its chat is told ends it at once`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.webSocketResumeDuration = .seconds(3600)
            } _: { server in
                for _ in 0..<5 {
                    try await TestSocket.run(server) { socket in
                        try await socket.send(Self.chat("a", model: "endless", tokens: 50_000_000))
                        _ = try await socket.message("chat.delta")
                        try await socket.write(0x88, Data([0x03, 0xE8]))
                        #expect(try await socket.closeCode() == 1000)
                    }
                    #expect(try await eventually { try await server.activeRequestCount() == 0 })
                }
            }
        }

        @Test func `a shutdown lets chats end, then closes`() async throws {
            try await TestServer.run {
                $0.drainDuration = .seconds(3600)
            } _: { server in
                try await TestSocket.run(server) { idle in
                    _ = try await idle.message("hello")
                    try await TestSocket.run(server) { busy in
                        try await busy.send(Self.chat("a", model: "chat", tokens: 200))
                        _ = try await busy.message("chat.delta")
                        await server.triggerShutdown()
                        #expect(try await idle.closeCode() == 1001)
                        let (_, done) = try await busy.answer("a")
                        #expect(done.string("choices.0.finish_reason") == "length")
                        #expect(try await busy.closeCode() == 1001)
                    }
                }
            }
        }

        @Test func `a shutdown ends chats that go on too long with an error`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.drainDuration = .milliseconds(50)
            } _: { server in
                try await TestSocket.run(server) { socket in
                    try await socket.send(Self.chat("a", model: "endless", tokens: 50_000_000))
                    _ = try await socket.message("chat.delta")
                    await server.triggerShutdown()
                    while true {
                        let message = try await socket.message()
                        guard message.string("type") == "error" else { continue }
                        #expect(message.string("error.code") == "unavailable")
                        break
                    }
                    #expect(try await socket.closeCode() == 1001)
                }
            }
        }
    }
}
