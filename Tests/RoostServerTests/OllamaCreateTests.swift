import Foundation
import ModelFixtures
import NIOHTTP1
import Roost
import RoostServer
import Testing

extension ServerTests {
    @Suite struct OllamaCreateTests {
        private let greedy = #""options":{"temperature":0,"num_predict":8},"stream":false"#

        private func upload(_ bytes: [UInt8], to server: TestServer) async throws -> String {
            let digest = Digest.of(bytes).description
            let reply = try await server.send(.POST, "/api/blobs/\(digest)", bytes: bytes)
            #expect(reply.status == 201)
            return digest
        }

        @Test func `a model is made of another one, with lines as it goes on, and shows what is its own`() async throws
        {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/create",
                    #"{"model":"mine","from":"chat","system":"be brief","license":["A","B"],"#
                        + #""parameters":{"temperature":0,"num_ctx":256,"stop":["<a>","b"]},"#
                        + #""messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"}]}"#)
                #expect(reply.status == 200)
                #expect(reply.headers["Content-Type"] == ["application/x-ndjson"])
                let statuses = try reply.lines.compactMap { $0.string("status") }
                #expect(statuses.last == "success" && statuses.contains("writing manifest"))
                let base = try await server.manager.model(named: "chat")
                #expect(statuses.contains("using layer \(base.digest)"))

                let shown = try await server.send(.POST, "/api/show", #"{"model":"mine"}"#).json
                #expect(shown.string("system") == "be brief")
                #expect(shown.string("license") == "A\n\nB")
                #expect(
                    shown.string("parameters")?.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
                        == [["num_ctx", "256"], ["stop", "\"<a>\""], ["stop", "\"b\""], ["temperature", "0"]])
                #expect(shown.string("messages.1.role") == "assistant" && shown.string("messages.1.content") == "hi")
                #expect(shown.string("details.parent_model") == "chat:latest")
                let recipe = try Modelfile(parsing: try #require(shown.string("modelfile")))
                #expect(recipe.instructions.first == .from("mine:latest"))
                #expect(recipe.instructions.contains(.parameter(name: "stop", value: "<a>")))

                // A client of old sends the recipe's text.
                let old = try await server.send(
                    .POST, "/api/create",
                    #"{"name":"old","modelfile":"FROM mine\nPARAMETER top_k 2","stream":false}"#)
                #expect(try old.json.string("status") == "success" && old.json.keys == ["status"])
                let preset = try await server.manager.preset(of: "old")
                #expect(preset.system == "be brief")
                #expect(preset.parameters["top_k"] == .integer(2))
            }
        }

        @Test func `a model's own prompt, messages and parameters apply in every dialect`() async throws {
            try await TestServer.run { server in
                _ = try await server.send(
                    .POST, "/api/create",
                    #"{"model":"mine","from":"chat","system":"be brief","parameters":{"num_predict":3,"temperature":0},"#
                        + #""messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"}]}"#)
                let told =
                    #"[{"role":"system","content":"be brief"},{"role":"user","content":"hello"},"#
                    + #"{"role":"assistant","content":"hi"},{"role":"user","content":"now"}]"#
                let said = #"[{"role":"user","content":"now"}]"#
                let expected = try await server.send(
                    .POST, "/api/chat", #"{"model":"chat","messages":\#(told),\#(greedy)}"#
                ).json
                let count = try #require(expected.int("prompt_eval_count"))
                let text = try #require(expected.string("message.content"))

                let own = try await server.send(
                    .POST, "/api/chat", #"{"model":"mine","messages":\#(said),"stream":false}"#
                ).json
                #expect(own.int("prompt_eval_count") == count)
                #expect(own.int("eval_count") == 3)
                #expect(try text.hasPrefix(#require(own.string("message.content"))))
                let generated = try await server.send(
                    .POST, "/api/generate", #"{"model":"mine","prompt":"now","stream":false}"#
                ).json
                #expect(generated.int("prompt_eval_count") == count && generated.int("eval_count") == 3)
                // What the request says goes before what the model says.
                let more = try await server.send(
                    .POST, "/api/chat", #"{"model":"mine","messages":\#(said),\#(greedy)}"#
                ).json
                #expect(more.int("eval_count") == 8)
                #expect(more.string("message.content") == text)

                let openAI = try await server.send(
                    .POST, "/v1/chat/completions", #"{"model":"mine","messages":\#(said)}"#
                ).json
                #expect(openAI.int("usage.prompt_tokens") == count)
                #expect(openAI.int("usage.completion_tokens") == 3)
                #expect(openAI.string("choices.0.message.content") == own.string("message.content"))
                let asked = try await server.send(
                    .POST, "/v1/chat/completions",
                    #"{"model":"mine","messages":\#(said),"max_tokens":8,"temperature":0}"#
                ).json
                #expect(asked.int("usage.completion_tokens") == 8)
                let raw = try await server.send(
                    .POST, "/v1/completions", #"{"model":"mine","prompt":"now"}"#
                ).json
                #expect(raw.int("usage.completion_tokens") == 3)
                #expect((raw.int("usage.prompt_tokens") ?? count) < count)

                let response = try await server.send(.POST, "/v1/responses", #"{"model":"mine","input":\#(said)}"#).json
                #expect(response.int("usage.input_tokens") == count && response.int("usage.output_tokens") == 3)
                #expect(response.string("output.0.content.0.text") == own.string("message.content"))
                let message = try await server.send(
                    .POST, "/v1/messages", #"{"model":"mine","messages":\#(said),"max_tokens":8}"#
                ).json
                #expect(message.int("usage.output_tokens") == 8)
                #expect(message.string("content.0.text") == text)
                // Counts are of what the model is given.
                for (path, field) in [
                    ("/v1/messages/count_tokens", "messages"), ("/v1/chat/completions/input_tokens", "messages"),
                    ("/v1/responses/input_tokens", "input"),
                ] {
                    let counted = try await server.send(.POST, path, #"{"model":"mine","\#(field)":\#(said)}"#).json
                    #expect(counted.int("input_tokens") == count, "\(path)")
                }
                let completion = #"{"model":"mine","prompt":"now""#
                let quiet = try await server.send(.POST, "/completion", completion + "}").json
                #expect(quiet.int("tokens_predicted") == 3)
                #expect(quiet["generation_settings.temperature"] as? Double == 0)
                // Also where it is what the engine would take by itself.
                let warm = try await server.send(
                    .POST, "/completion", completion + #","temperature":0.8,"n_predict":4}"#
                ).json
                #expect(warm.int("tokens_predicted") == 4)
                #expect((warm["generation_settings.temperature"] as? Double ?? 0) > 0.7)
            }
        }

        @Test func `a model is made of uploaded files, adapter included`() async throws {
            try await TestServer.run { server in
                let weights = try TinyModel.llama(chatTemplate: TinyModel.chatML, seed: 3).bytes()
                let model = try await upload(weights, to: server)
                let adapter = try await upload(try TinyModel.adapter().bytes(), to: server)
                #expect(try await server.send(.HEAD, "/api/blobs/\(model)").status == 200)
                for (name, more) in [("plain", ""), ("styled", #","adapters":{"style.gguf":"\#(adapter)"}"#)] {
                    let reply = try await server.send(
                        .POST, "/api/create",
                        #"{"model":"\#(name)","files":{"tiny.gguf":"\#(model)"}\#(more),"stream":false}"#)
                    #expect(reply.status == 200, "\(reply.text)")
                }
                #expect(try await server.send(.HEAD, "/api/blobs/\(model)").status == 200)
                let again = try await server.send(.POST, "/api/blobs/\(model)", bytes: weights)
                #expect(again.status == 200)
                var texts: [String] = []
                for name in ["plain", "styled"] {
                    let answer = try await server.send(
                        .POST, "/api/generate", #"{"model":"\#(name)","prompt":"Hello","raw":true,\#(greedy)}"#)
                    texts.append(try #require(try answer.json.string("response"), "\(answer.text)"))
                }
                #expect(texts[0] != texts[1])
            }
        }

        @Test func `a template in Jinja is applied and shown`() async throws {
            try await TestServer.run { server in
                let template = "{% for m in messages %}<{{ m['role'] }}> {{ m['content'] }}\\n{% endfor %}"
                let reply = try await server.send(
                    .POST, "/api/create", #"{"model":"formed","from":"base","template":"\#(template)"}"#)
                #expect(try reply.lines.last?.string("status") == "success")
                let prompt = try await server.manager.prompt(for: ChatRequest([.user("Hi")]), model: "formed")
                #expect(prompt == "<user> Hi\n")
                let shown = try await server.send(.POST, "/api/show", #"{"model":"formed"}"#).json
                #expect(shown.string("template")?.hasPrefix("{% for m") == true)
            }
        }

        @Test(
            arguments: [
                (#"{"from":"chat"}"#, 400, "model is required"),
                (#"{"model":"a"}"#, 400, "neither 'from' or 'files' was specified"),
                (#"{"model":"../a","from":"chat"}"#, 400, "invalid model name"),
                (#"{"model":"a","from":"chat","template":"{{ .Prompt }}"}"#, 400, "Go template"),
                (#"{"model":"a","from":"chat","template":"plain"}"#, 400, "no Jinja chat template"),
                (#"{"model":"a","from":"chat","quantize":"q4_K_M"}"#, 400, "does not quantize"),
                (#"{"model":"a","from":"chat","renderer":"x"}"#, 400, "renderer names a part of Ollama's"),
                (#"{"model":"a","from":"chat","parameters":{"heat":1}}"#, 400, "There is no parameter “heat”"),
                (
                    #"{"model":"a","from":"chat","parameters":{"top_k":"x"}}"#, 400,
                    "parameters.top_k must be a whole number."
                ),
                (#"{"model":"a","from":"chat","parameters":{"top_p":7}}"#, 400, "top_p is 7"),
                (#"{"model":"a","from":"chat","messages":[{"role":"judge","content":"b"}]}"#, 400, "messages[0].role"),
                (#"{"model":"a","files":{"x.gguf":"sha256:../../etc/passwd"}}"#, 400, "invalid digest"),
                (#"{"model":"a","modelfile":"SYSTEM x"}"#, 400, "Line 1 of the Modelfile"),
                (#"{"model":"a","modelfile":"FROM chat\nADAPTER /etc/passwd"}"#, 400, "There is no file"),
                (
                    #"{"model":"a","files":{"x.gguf":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}}"#,
                    400, "is not here; upload it first"
                ),
            ] as [(String, Int, String)])
        func `what cannot be made is refused with its reason`(body: String, status: Int, words: String) async throws {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, "/api/create", body)
                #expect(reply.status == status)
                #expect(try reply.json.string("error")?.contains(words) == true, "\(reply.text)")
                #expect(try await server.manager.downloadedModels().count == 3)
            }
        }

        @Test func `what turns out to be no model is an error in the stream, and nothing is made of it`() async throws {
            try await TestServer.run { server in
                let digest = try await upload(try TinyModel.adapter().bytes(), to: server)
                let body = #"{"model":"a","files":{"x.gguf":"\#(digest)"}"#
                let streamed = try await server.send(.POST, "/api/create", body + "}")
                #expect(streamed.status == 200)
                #expect(try streamed.lines.last?.keys == ["error"])
                let whole = try await server.send(.POST, "/api/create", body + #","stream":false}"#)
                #expect(whole.status == 400)
                let text = try await upload(Array("no weights".utf8), to: server)
                let other = try await server.send(.POST, "/api/create", #"{"model":"a","files":{"x":"\#(text)"}}"#)
                #expect(other.status >= 400)
                #expect(try await server.manager.downloadedModels().count == 3)
            }
        }

        @Test func `an upload is refused when it is not what it was said to be, and leaves nothing`() async throws {
            try await TestServer.run { server in
                let digest = Digest.of([1, 2, 3]).description
                #expect(try await server.send(.HEAD, "/api/blobs/\(digest)").status == 404)
                let wrong = try await server.send(.POST, "/api/blobs/\(digest)", bytes: [1, 2, 4])
                #expect(wrong.status == 400)
                #expect(try wrong.json.string("error")?.hasPrefix("digest mismatch") == true)
                #expect(try await server.send(.HEAD, "/api/blobs/\(digest)").status == 404)
                let incoming = server.home.appending(path: "incoming").path
                #expect(try FileManager.default.contentsOfDirectory(atPath: incoming).isEmpty)
                for bad in ["sha256:zz", "md5:1", "..%2F..%2Fetc", "sha256-" + String(repeating: "A", count: 64)] {
                    #expect(try await server.send(.POST, "/api/blobs/\(bad)", bytes: [1]).status == 400, "\(bad)")
                    #expect(try await server.send(.HEAD, "/api/blobs/\(bad)").status == 400, "\(bad)")
                }
            }
        }

        @Test func `an upload larger than any request's body is taken in`() async throws {
            try await TestServer.run(configure: { $0.maximumBodyByteCount = 1000 }) { server in
                _ = try await upload([UInt8](repeating: 7, count: 3 << 20), to: server)
            }
        }

        @Test func `an upload of more bytes than the disk has is refused before the first one`() async throws {
            try await TestServer.run { server in
                let reply = try await server.raw(
                    "POST /api/blobs/\(Digest.of([1])) HTTP/1.1\r\nHost: 127.0.0.1:\(server.running.port)\r\n"
                        + "Connection: close\r\nContent-Length: 9000000000000000000\r\n\r\n")
                #expect(reply.hasPrefix("HTTP/1.1 507 "), "\(reply)")
                #expect(reply.contains("There is not enough room"))
            }
        }
    }
}
