import AsyncHTTPClient
import Foundation
import NIOHTTP1
import Roost
import Testing
import Waiting

@testable import RoostServer

extension ServerTests {
    @Suite struct ConversationTests {
        private static let path = "/roost/v1/conversations"

        private func create(_ server: TestServer, _ body: String = #"{"model":"chat","messages":[]}"#) async throws
            -> String
        {
            let reply = try await server.send(.POST, Self.path, body)
            #expect(reply.status == 201, "\(reply.text)")
            let id = try #require(try reply.json.string("id"))
            #expect(reply.headers.first(name: "location") == "\(Self.path)/\(id)")
            return id
        }

        @Test func `a conversation is made, read, added to, renamed, exported and deleted`() async throws {
            try await TestServer.run { server in
                let id = try await create(
                    server,
                    #"{"model":"chat","messages":[{"role":"user","content":"Owls?"},{"role":"assistant","content":"Yes","#
                        + #""tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}]}"#)
                let one = try await server.send(.GET, "\(Self.path)/\(id.uppercased())").json
                #expect(one.string("title") == "Owls?" && one.string("model") == "chat")
                #expect(one.int("message_count") == 2 && one.count("messages") == 2)
                #expect(one.string("messages.1.tool_calls.0.function.name") == "f")
                #expect(one.string("created_at")?.hasSuffix("Z") == true)

                let added = try await server.send(
                    .POST, "\(Self.path)/\(id)/messages",
                    #"{"after":2,"messages":[{"role":"user","content":"Why?","images":["AQID"]}]}"#)
                #expect(try added.json.int("message_count") == 3)
                let late = try await server.send(
                    .POST, "\(Self.path)/\(id)/messages", #"{"after":2,"messages":[{"role":"user","content":"x"}]}"#)
                #expect(late.status == 409)
                #expect(late.text.contains("3 messages, not 2"))
                let rest = try await server.send(.GET, "\(Self.path)/\(id)?from=1&limit=1").json
                #expect(rest.count("messages") == 1 && rest.int("next_from") == 2)
                let end = try await server.send(.GET, "\(Self.path)/\(id)?from=2").json
                #expect(end.string("messages.0.images.0") == "AQID" && end["next_from"] == nil)

                let renamed = try await server.send(.PATCH, "\(Self.path)/\(id)", #"{"title":"About owls"}"#)
                #expect(try renamed.json.string("title") == "About owls")
                let markdown = try await server.send(.GET, "\(Self.path)/\(id)/export?format=markdown")
                #expect(markdown.text.hasPrefix("# About owls\n") && markdown.text.contains("## You\n\nOwls?"))
                #expect(markdown.headers.first(name: "content-type") == "text/markdown; charset=utf-8")
                let exported = try await server.send(.GET, "\(Self.path)/\(id)/export")
                #expect(try exported.json.string("format") == "roost.conversation")
                let again = try await create(server, exported.text)
                let copy = try await server.send(.GET, "\(Self.path)/\(again)").json
                #expect(copy.string("title") == "About owls" && copy.count("messages") == 3)

                #expect(try await server.send(.DELETE, "\(Self.path)/\(id)").json.bool("deleted") == true)
                for (method, suffix) in [(HTTPMethod.GET, ""), (.GET, "/export"), (.DELETE, "")] {
                    let reply = try await server.send(method, "\(Self.path)/\(id)\(suffix)")
                    #expect(reply.status == 404 && reply.text.contains("There is no kept conversation"))
                }
            }
        }

        @Test func `the list is paged and searched`() async throws {
            try await TestServer.run { server in
                var ids: [String] = []
                for index in 0..<5 {
                    ids.append(
                        try await create(
                            server,
                            #"{"title":"t\#(index)","messages":[{"role":"user","content":"word\#(index % 2)"}]}"#))
                }
                var found: [String] = []
                var cursor: String?
                repeat {
                    let suffix = cursor.map { "&cursor=\($0)" } ?? ""
                    let page = try await server.send(.GET, "\(Self.path)?limit=2\(suffix)").json
                    let rows = page["conversations"] as? [[String: Any]] ?? []
                    found += rows.compactMap { $0["id"] as? String }
                    cursor = page.string("next_cursor")
                } while cursor != nil
                #expect(found == ids.reversed())
                let search = try await server.send(.GET, "\(Self.path)?q=WORD0&limit=2").json
                #expect(search.count("conversations") == 2)
                #expect(search.string("conversations.0.id") == ids[4])
                #expect(search.int("conversations.0.found.position") == 0)
                #expect(search.bool("conversations.0.found.snippet.0.match") == true)
                #expect(search.string("next_cursor") != nil)
                let title = try await server.send(.GET, "\(Self.path)?q=t3").json
                #expect(title.isNull("conversations.0.found.position") && title.count("conversations") == 1)
                let hostile = try await server.send(.GET, "\(Self.path)?q=%22%29%20OR%20word0%2A%00NEAR%28")
                #expect(hostile.status == 200)
            }
        }

        @Test func `what is wrong is said with its field`() async throws {
            try await TestServer.run { server in
                let id = try await create(server)
                let bad: [(HTTPMethod, String, String?, Int, String)] = [
                    (.GET, "?limit=0", nil, 400, "limit"), (.GET, "?limit=x", nil, 400, "limit"),
                    (.GET, "?cursor=abc", nil, 400, "cursor"), (.GET, "?q=%21", nil, 400, "search text"),
                    (.POST, "", "[1]", 400, ""), (.POST, "", "{", 400, "JSON"),
                    (.POST, "", #"{"mesages":[]}"#, 400, "mesages"),
                    (.POST, "", #"{"messages":[{"role":"boss"}]}"#, 400, "messages[0].role"),
                    (.POST, "", #"{"messages":[{"content":"x"}]}"#, 400, "messages[0].role"),
                    (.POST, "", #"{"messages":[{"role":"user","created_at":"x"}]}"#, 400, "created_at"),
                    (.POST, "", #"{"title":" "}"#, 400, "title"),
                    (.POST, "", #"{"format":"roost.conversation","version":3,"messages":[]}"#, 400, "version"),
                    (.POST, "/\(id)/messages", "{}", 400, "messages"),
                    (.POST, "/\(id)/messages", #"{"messages":[]}"#, 400, "messages"),
                    (.PATCH, "/\(id)", "{}", 400, "title"), (.GET, "/\(id)?from=-1", nil, 400, "from"),
                    (.GET, "/\(id)?limit=1001", nil, 400, "limit"),
                    (.GET, "/\(id)/export?format=pdf", nil, 400, "format"),
                    (.GET, "/nothing", nil, 404, "no kept conversation"),
                    (.DELETE, "/%00", nil, 404, "no kept conversation"),
                    (.POST, "/nothing/messages", #"{"messages":[{"role":"user"}]}"#, 404, "no kept conversation"),
                ]
                for (method, suffix, body, status, part) in bad {
                    let reply = try await server.send(method, Self.path + suffix, body)
                    #expect(reply.status == status, "\(method) \(suffix) \(body ?? "") → \(reply.text)")
                    #expect(
                        part.isEmpty || reply.text.contains(part), "\(method) \(suffix) \(body ?? "") → \(reply.text)")
                }
                #expect(try await server.send(.GET, Self.path).json.count("conversations") == 1)
            }
        }

        @Test func `a key sees its own conversations only`() async throws {
            try await TestServer.run { server in
                let (anna, bert) = (try server.key("anna"), try server.key("bert"))
                let body = #"{"messages":[{"role":"user","content":"word"}]}"#
                let made = try await server.send(.POST, Self.path, body, key: anna)
                let id = try #require(try made.json.string("id"))
                for (method, suffix, body) in [
                    (HTTPMethod.GET, "/\(id)", nil), (.DELETE, "/\(id)", nil), (.GET, "/\(id)/export", nil),
                    (.PATCH, "/\(id)", #"{"title":"x"}"#),
                    (.POST, "/\(id)/messages", #"{"messages":[{"role":"user"}]}"#),
                ] {
                    let reply = try await server.send(method, Self.path + suffix, body, key: bert)
                    #expect(reply.status == 404, "\(method) \(suffix)")
                }
                for suffix in ["", "?q=word"] {
                    let theirs = try await server.send(.GET, Self.path + suffix, key: bert).json
                    #expect(theirs.count("conversations") == 0)
                    let own = try await server.send(.GET, Self.path + suffix, key: anna).json
                    #expect(own.count("conversations") == 1)
                }
                #expect(try await server.manager.history.conversations().conversations.isEmpty)
                #expect(try await server.send(.GET, Self.path).status == 401)
            }
        }

        @Test func `an error of the database is the server's, and a sentence`() async throws {
            try await TestServer.run { server in
                try Data(repeating: 7, count: 5000).write(to: server.home.appending(path: ChatHistory.fileName))
                let reply = try await server.send(.GET, Self.path)
                #expect(reply.status == 500 && reply.text.contains("damaged"))
                try FileManager.default.removeItem(at: server.home.appending(path: ChatHistory.fileName))
                #expect(try await server.send(.GET, Self.path).status == 200)
            }
        }
    }

    @Suite struct SavedChatTests {
        private static let save = "X-Roost-Save"

        private func messages(_ id: String, _ server: TestServer) async throws -> [SavedMessage] {
            try await server.manager.history.messages(of: id)
        }

        @Test(arguments: [
            (
                "/api/chat", #"{"model":"chat","stream":false,"options":{"num_predict":8},"messages":["#,
                "message.content"
            ),
            ("/v1/chat/completions", #"{"model":"chat","max_tokens":8,"messages":["#, "choices.0.message.content"),
        ])
        func `a chat is kept when its request asks for it, and gone on with`(
            path: String, start: String, answer: String
        ) async throws {
            try await TestServer.run { server in
                let question = #"{"role":"user","content":"Hello"}"#
                let first = try await server.send(.POST, path, "\(start)\(question)]}", headers: [Self.save: "new"])
                #expect(first.status == 200, "\(first.text)")
                let id = try #require(first.headers.first(name: "X-Roost-Conversation"))
                // A model of noise may say a NUL.
                func asKept(_ reply: Reply) throws -> String {
                    SavedMessage(role: .assistant, content: try #require(try reply.json.string(answer))).asKept.content
                }
                let said = try #require(try first.json.string(answer))
                var kept = try await messages(id, server)
                #expect(kept.map(\.role) == [.user, .assistant])
                #expect(kept.map(\.content) == ["Hello", try asKept(first)])
                #expect(kept[1].model == "chat" && !kept[1].isInterrupted)

                let quoted = String(decoding: try JSONEncoder().encode(said), as: UTF8.self)
                let history =
                    #"\#(question),{"role":"assistant","content":\#(quoted)},{"role":"user","content":"And?"}"#
                let second = try await server.send(.POST, path, "\(start)\(history)]}", headers: [Self.save: id])
                #expect(second.headers.first(name: "X-Roost-Conversation") == id)
                kept = try await messages(id, server)
                #expect(kept.map(\.content) == ["Hello", try asKept(first), "And?", try asKept(second)])

                // What does not go on with it is not mixed with it.
                let other = try await server.send(.POST, path, "\(start)\(question)]}", headers: [Self.save: id])
                #expect([400, 409].contains(other.status) && other.text.contains("do not go on"))
                #expect(try await messages(id, server) == kept)
            }
        }

        @Test func `a chat in which a NUL was said is gone on with`() async throws {
            try await TestServer.run { server in
                let history = try await server.manager.history
                let said = SavedMessage(role: .assistant, content: "before\0after")
                let id = try await history.create(
                    model: "chat", messages: [SavedMessage(role: .user, content: "Hello"), said]
                ).id
                let reply = try await server.send(
                    .POST, "/v1/chat/completions",
                    #"{"model":"chat","max_tokens":4,"messages":[{"role":"user","content":"Hello"},"#
                        + #"{"role":"assistant","content":"before\u0000after"},{"role":"user","content":"And?"}]}"#,
                    headers: [Self.save: id])
                #expect(reply.status == 200 && reply.headers.first(name: "X-Roost-Conversation") == id, "\(reply.text)")
                #expect(try await messages(id, server).count == 4)
            }
        }

        @Test(arguments: [
            (
                "/api/chat",
                #"{"model":"chat","stream":false,"truncate":true,"options":{"num_predict":8},"messages":["#,
                "message.content"
            ),
            (
                "/v1/responses",
                #"{"model":"chat","truncation":"auto","max_output_tokens":8,"input":["#, "output.0.content.0.text"
            ),
        ])
        func `a chat is kept whole where its oldest messages are not computed any more`(
            path: String, start: String, answer: String
        ) async throws {
            try await TestServer.run { server in
                let turns = (0..<40).map { #"{"role":"user","content":"turn \#($0) of a conversation"}"# }
                let question = turns.joined(separator: ",")
                let first = try await server.send(.POST, path, "\(start)\(question)]}", headers: [Self.save: "new"])
                #expect(first.status == 200, "\(first.text)")
                #expect(first.headers["X-Roost-Warning"].first?.contains("oldest messages") == true)
                let id = try #require(first.headers.first(name: "X-Roost-Conversation"))
                #expect(try await messages(id, server).count == 41)
                let said = String(decoding: try JSONEncoder().encode(first.json.string(answer)), as: UTF8.self)
                let more = #",{"role":"assistant","content":\#(said)},{"role":"user","content":"And?"}"#
                let second = try await server.send(
                    .POST, path, "\(start)\(question)\(more)]}", headers: [Self.save: id])
                #expect(second.status == 200, "\(second.text)")
                #expect(try await messages(id, server).count == 43)
            }
        }

        @Test func `a streamed answer is kept whole by the time its end is read`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/chat",
                    #"{"model":"chat","options":{"num_predict":12},"messages":[{"role":"user","content":"Hi"}]}"#,
                    headers: [Self.save: "new"])
                let id = try #require(reply.headers.first(name: "X-Roost-Conversation"))
                let text = try reply.lines.compactMap { $0.string("message.content") }.joined()
                #expect(
                    try await messages(id, server).last?.content
                        == SavedMessage(role: .assistant, content: text).asKept.content)
            }
        }

        @Test func `what came of an answer is kept, marked, when its client goes away`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                let body = #"{"model":"endless","messages":[{"role":"user","content":"Go on"}],"stream":true}"#
                let id = try await {
                    let response = try await server.open(.POST, "/api/chat", body, headers: [Self.save: "new"])
                    for try await _ in response.body { break }
                    return try #require(response.headers.first(name: "X-Roost-Conversation"))
                }()
                let history = try await server.manager.history
                #expect(try await eventually { try await history.conversation(id).messageCount >= 2 })
                let kept = try await messages(id, server)
                #expect(kept.count == 2)
                #expect(kept.last?.isInterrupted == true && kept.last?.content.isEmpty == false)
            }
        }

        @Test func `without the header nothing of a chat is in any file`() async throws {
            try await TestServer.run { server in
                let canary = "canary\(UUID().uuidString.prefix(8))"
                for (path, body) in [
                    (
                        "/api/chat",
                        #"{"model":"chat","options":{"num_predict":8},"messages":[{"role":"user","content":"*"}]}"#
                    ),
                    ("/api/generate", #"{"model":"chat","options":{"num_predict":8},"prompt":"*"}"#),
                    (
                        "/v1/chat/completions",
                        #"{"model":"chat","max_tokens":8,"messages":[{"role":"user","content":"*"}]}"#
                    ),
                ] {
                    let reply = try await server.send(.POST, path, body.replacing("*", with: canary))
                    #expect(reply.status == 200)
                    #expect(reply.headers.first(name: "X-Roost-Conversation") == nil)
                }
                #expect(Self.files(in: server.home, with: canary) == [])
                #expect(!FileManager.default.fileExists(atPath: server.home.appending(path: ChatHistory.fileName).path))
                // It would be seen: the same chat, kept.
                _ = try await server.send(
                    .POST, "/api/chat", #"{"model":"chat","messages":[{"role":"user","content":"\#(canary)"}]}"#,
                    headers: [Self.save: "new"])
                #expect(!Self.files(in: server.home, with: canary).isEmpty)
            }
        }

        private static func files(in folder: URL, with text: String) -> [String] {
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            return (files?.allObjects as? [URL] ?? []).filter {
                // A file may have gone meanwhile; folders have no contents.
                FileManager.default.contents(atPath: $0.path)?.range(of: Data(text.utf8)) != nil
            }.map(\.lastPathComponent)
        }

        @Test func `what cannot be kept as asked is refused before anything is computed`() async throws {
            try await TestServer.run { server in
                let chat = #"{"model":"chat","messages":[{"role":"user","content":"Hello"}]}"#
                for value in ["", "yes", "00000000-0000-0000-0000-000000000000", "'; DROP TABLE message"] {
                    let reply = try await server.send(.POST, "/api/chat", chat, headers: [Self.save: value])
                    #expect(reply.status == 400 && reply.text.contains(Self.save), "\(value) \(reply.text)")
                }
                let generate = try await server.send(
                    .POST, "/api/generate", #"{"model":"chat","raw":true,"prompt":"x"}"#, headers: [Self.save: "new"])
                #expect(generate.status == 400 && generate.text.contains("keeps chats"))
                let missing = try await server.send(
                    .POST, "/api/chat", #"{"model":"nobody","messages":[{"role":"user","content":"x"}]}"#,
                    headers: [Self.save: "new"])
                #expect(missing.status == 404)
                #expect(try await server.manager.loadedModels().isEmpty)
                #expect(try await server.manager.history.conversations().conversations.isEmpty)
            }
        }
    }
}
