import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

extension ServerTests {
    /// What clients send that is not what was meant: each is refused with a sentence, none takes the server down.
    @Suite struct FuzzedRequestTests {
        /// A request that is taken, for each endpoint that reads a body. Answers are one token long.
        private static let bodies: [(path: String, body: String)] = [
            (
                "/api/generate",
                #"{"model":"base","prompt":"a","stream":false,"suffix":"","system":"","template":"","context":[],"raw":false,"#
                    + #""format":"","keep_alive":300,"think":false,"images":[],"logprobs":false,"top_logprobs":0,"#
                    + #""options":{"num_predict":1,"temperature":0,"top_k":1,"top_p":0.5,"min_p":0,"seed":1,"stop":["x"],"#
                    + #""repeat_penalty":1,"repeat_last_n":8,"presence_penalty":0,"frequency_penalty":0,"num_keep":1}}"#
            ),
            (
                "/api/chat",
                #"{"model":"chat","stream":false,"format":"","keep_alive":"5m","think":false,"tools":[],"#
                    + #""messages":[{"role":"user","content":"a","images":[],"tool_calls":[]}],"options":{"num_predict":1}}"#
            ),
            (
                "/api/embed",
                #"{"model":"base","input":["a"],"truncate":true,"dimensions":8,"keep_alive":300,"options":{}}"#
            ),
            ("/api/embeddings", #"{"model":"base","prompt":"a","keep_alive":300,"options":{}}"#),
            ("/api/show", #"{"model":"base","verbose":false}"#),
            ("/api/copy", #"{"source":"base","destination":"copied"}"#),
            ("/api/pull", #"{"model":"!!","stream":false,"insecure":false}"#),
            ("/api/push", #"{"model":"!!","stream":false,"insecure":false}"#),
            (
                "/v1/chat/completions",
                #"{"model":"chat","messages":[{"role":"user","content":"a","name":"b"}],"max_tokens":1,"temperature":0,"#
                    + #""top_p":0.5,"n":1,"stream":false,"stop":["x"],"presence_penalty":0,"frequency_penalty":0,"seed":1,"#
                    + #""logprobs":false,"top_logprobs":0,"user":"u","response_format":{"type":"text"},"tools":[],"#
                    + #""stream_options":{"include_usage":true},"logit_bias":{},"tool_choice":"none"}"#
            ),
            (
                "/v1/completions",
                #"{"model":"base","prompt":"a","max_tokens":1,"temperature":0,"top_p":0.5,"n":1,"stream":false,"#
                    + #""stop":["x"],"echo":false,"seed":1,"logprobs":0,"suffix":"","best_of":1,"user":"u"}"#
            ),
            ("/v1/embeddings", #"{"model":"base","input":["a"],"encoding_format":"float","dimensions":8,"user":"u"}"#),
            ("/v1/rerank", #"{"model":"base","query":"a","documents":["b"],"top_n":1,"return_documents":false}"#),
            (
                "/v1/responses",
                #"{"model":"chat","input":"a","max_output_tokens":16,"temperature":0,"top_p":0.5,"stream":false,"#
                    + #""instructions":"","store":false,"metadata":{},"tools":[],"text":{"format":{"type":"text"}}}"#
            ),
            (
                "/v1/messages",
                #"{"model":"chat","max_tokens":1,"messages":[{"role":"user","content":"a"}],"system":"","temperature":0,"#
                    + #""top_p":0.5,"top_k":1,"stop_sequences":["x"],"stream":false,"metadata":{"user_id":"u"},"tools":[]}"#
            ),
            ("/v1/messages/count_tokens", #"{"model":"chat","messages":[{"role":"user","content":"a"}],"system":""}"#),
            ("/tokenize", #"{"model":"base","content":"a","add_special":false,"with_pieces":false}"#),
            ("/detokenize", #"{"model":"base","tokens":[1]}"#),
            ("/apply-template", #"{"model":"chat","messages":[{"role":"user","content":"a"}]}"#),
            ("/roost/v1/plan", #"{"model":"base","context_length":256,"parallel_request_count":1,"batch_size":64}"#),
        ]

        /// One value of each type, and some that are of the type and out of range.
        private static let values = [
            "null", "true", "-1", "1.5", "1e400", "123456789012345678901234567890", #""\u0000text""#, "[]", "[[1]]",
            "{}",
            #"{"a":{"b":[null]}}"#,
        ]

        /// The texts that come of putting each value in the place of each field, at whatever depth.
        private static func variants(of text: String) throws -> [(field: String, body: String)] {
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
            let mark = "\u{1F}place\u{1F}"
            let marked = try JSONSerialization.data(withJSONObject: mark, options: .fragmentsAllowed)
            let markText = String(decoding: marked, as: UTF8.self)
            return try places(in: object).flatMap { place -> [(field: String, body: String)] in
                let changed = replacing(place[...], of: object, by: mark)
                let text = String(decoding: try JSONSerialization.data(withJSONObject: changed), as: UTF8.self)
                let field = place.last { Int($0) == nil } ?? ""
                return values.map { (field, text.replacing(markText, with: $0)) }
            }
        }

        private static func places(in value: Any, under path: [String] = []) -> [[String]] {
            let own = path.isEmpty ? [] : [path]
            switch value {
            case let object as [String: Any]:
                return own + object.keys.sorted().flatMap { places(in: object[$0] ?? "", under: path + [$0]) }
            case let array as [Any]:
                return own + array.indices.flatMap { places(in: array[$0], under: path + ["\($0)"]) }
            default: return own
            }
        }

        private static func replacing(_ path: ArraySlice<String>, of value: Any, by mark: String) -> Any {
            guard let key = path.first else { return mark }
            if var object = value as? [String: Any] {
                object[key] = replacing(path.dropFirst(), of: object[key] ?? "", by: mark)
                return object
            }
            if var array = value as? [Any], let index = Int(key) {
                array[index] = replacing(path.dropFirst(), of: array[index], by: mark)
                return array
            }
            return value
        }

        /// Parts of sentences that say what is wrong by another word than the field's.
        private static let namesTheMatter = [
            "prompt has no tokens", "is not a model name", "The grammar was not accepted", "not trained to fill gaps",
            // Of a list of them.
            "token is -1",
        ]

        /// The sentence of an error in whatever form.
        private static func message(_ reply: Reply) throws -> String {
            let json = try reply.json
            return json.string("error.message") ?? json.string("error") ?? ""
        }

        @Test func `each field of each request may be of any type: it is taken, or refused by its name`() async throws {
            try await TestServer.run { server async throws in
                var count = 0
                var unnamed: [String] = []
                for (path, body) in Self.bodies {
                    // What the model cannot do, whatever the fields are.
                    let usual = (try? Self.message(try await server.send(.POST, path, body))) ?? ""
                    for (field, text) in try Self.variants(of: body) {
                        let reply = try await server.send(.POST, path, text)
                        count += 1
                        #expect(reply.status < 500, "\(path) \(text): \(reply.status) \(reply.text)")
                        // A name that is none is not found, in the words of each dialect.
                        guard reply.status >= 400, reply.status != 404 else { continue }
                        let message = try Self.message(reply)
                        #expect(!message.isEmpty, "\(path) \(text): \(reply.text)")
                        if message == usual || Self.namesTheMatter.contains(where: message.contains) { continue }
                        if reply.status == 400, text.contains("1e400") { continue }
                        let name = field.split(separator: "_").first.map(String.init) ?? field
                        let isNamed =
                            message.lowercased().contains(name.lowercased())
                            || (try? reply.json.string("error.param"))?.map { $0.contains(field) } == true
                        if !isNamed { unnamed.append("\(path) \(field) \(text.prefix(160)) → \(message)") }
                    }
                }
                #expect(count > 1000)
                #expect(unnamed.isEmpty, "\(unnamed.count):\n\(unnamed.joined(separator: "\n"))")
                #expect(try await server.send(.GET, "/health").status == 200)
            }
        }

        @Test func `what is not JSON, or not an object, or too deep, is refused everywhere`() async throws {
            try await TestServer.run { server async throws in
                var generator = SystemRandomNumberGenerator()
                for (path, body) in Self.bodies {
                    var texts = [
                        "", " \n", "nul", "[]", "3", #""text""#, "{", #"{"model":"#, #"{"model":"base","a"}"#,
                    ]
                    texts += [String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 100_000)]
                    for part in 1..<6 { texts.append(String(body.prefix(body.count * part / 6))) }
                    for text in texts {
                        let reply = try await server.send(.POST, path, text)
                        #expect((400..<500).contains(reply.status), "\(path) \(text.prefix(60)): \(reply.status)")
                        #expect(!(try Self.message(reply)).isEmpty, "\(path) \(text.prefix(60)): \(reply.text)")
                    }
                    for length in [1, 16, 1000] {
                        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                        let client = try await RawClient.connect(port: server.running.port)
                        try await client.send(
                            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(length)\r\n\r\n"
                        )
                        try await client.send(bytes)
                        let reply = try await client.textToEnd()
                        #expect(reply.hasPrefix("HTTP/1.1 4"), "\(path) \(bytes.prefix(20)): \(reply.prefix(200))")
                    }
                    // Which of the two counts is not said; “base” must not be looked for at the hubs.
                    guard path != "/api/pull" else { continue }
                    let doubled = #"{"model":"base","model":3,"# + body.dropFirst()
                    let reply = try await server.send(.POST, path, doubled)
                    #expect(reply.status < 500, "\(path): \(reply.text)")
                }
                #expect(try await server.send(.GET, "/health").status == 200)
            }
        }

        @Test func `bytes that are no request at all end their connection and nothing else`() async throws {
            try await TestServer.run { server async throws in
                var generator = SystemRandomNumberGenerator()
                for length in [1, 2, 10, 100, 1000, 20_000, 50_000] {
                    for _ in 0..<5 {
                        let client = try await RawClient.connect(port: server.running.port)
                        try await client.send((0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
                        try await client.send(Array("\r\n\r\n".utf8))
                        await client.finish()
                        let reply = try await client.textToEnd()
                        #expect(reply.isEmpty || reply.hasPrefix("HTTP/1.1 4"), "\(reply.prefix(200))")
                    }
                }
                #expect(try await server.send(.GET, "/health").status == 200)
            }
        }

        @Test func `the endpoints that are fuzzed exist`() async throws {
            try await TestServer.run { server async throws in
                let parts = ServerParts(
                    manager: server.manager, configuration: RoostServerConfiguration(), active: ActiveGenerations())
                let posts = ServerRouter.dialects(parts).flatMap(\.routes).filter { "\($0.method)" == "POST" }.map(
                    \.path)
                let known = Set(Self.bodies.map(\.path))
                #expect(known.subtracting(posts).isEmpty, "not routes: \(known.subtracting(posts))")
            }
        }
    }
}
