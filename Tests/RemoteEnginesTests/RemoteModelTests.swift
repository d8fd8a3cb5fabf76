import Foundation
import Inference
import Synchronization
import SystemBuffers
import Testing
import Waiting

@testable import RemoteEngines

@Suite struct RemoteModelTests {
    private func ask(
        _ request: GenerationRequest = GenerationRequest(.chat(ChatRequest([.user("Hi")]))),
        owner: String = "test", _ handler: @escaping ScriptedEngine.Handler
    ) async throws -> (Outcome, ScriptedRequest?) {
        try await ScriptedEngine.run(owner: owner, handler) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let model = try #require(await router.model(named: "m"))
                return (await Outcome(model.generate(request)), engine.posts.first)
            }
        }
    }

    @Test func `an answer is the same however its bytes are cut`() async throws {
        let stream =
            [
                #"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
                #"{"choices":[{"index":0,"delta":{"reasoning_content":"hm "}}]}"#,
                #"{"choices":[{"index":0,"delta":{"content":"Grüße, "}}]}"#,
                #"{"choices":[{"index":0,"delta":{"content":"Welt 🌍"},"finish_reason":null}]}"#,
                #"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#,
                #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":4}}}"#,
                "[DONE]",
            ].map { "data: \($0)\n\n" }.joined()
        let bytes = Array(stream.utf8)
        for size in [1, 2, 3, 7, 64, bytes.count] {
            let (outcome, _) = try await ask { _, connection in
                try await connection.beginStream()
                for start in Swift.stride(from: 0, to: bytes.count, by: size) {
                    try await connection.write(bytes[start..<min(start + size, bytes.count)])
                }
            }
            #expect(outcome.error == nil)
            #expect(outcome.text == "Grüße, Welt 🌍")
            #expect(outcome.reasoning == "hm ")
            let result = try #require(outcome.results.first)
            #expect(result.text == outcome.text && result.reasoning == outcome.reasoning)
            #expect(result.finishReason == .length)
            #expect((result.promptTokenCount, result.cachedPromptTokenCount, result.completionTokenCount) == (7, 4, 9))
            #expect(result.totalDuration > .zero && result.timeToFirstToken != nil)
        }
    }

    @Test func `function calls come in pieces, as a whole, and without ids`() async throws {
        let (pieces, _) = try await ask { _, connection in
            try await connection.beginStream()
            try await connection.event(
                #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"weather","arguments":""}}]}}]}"#
            )
            for part in [#"{\"city\":"#, #"\"Oslo\"}"#] {
                try await connection.event(
                    #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\#(part)"}}]}}]}"#
                )
            }
            try await connection.event(#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#)
            try await connection.event("[DONE]")
        }
        #expect(
            pieces.results.first?.toolCalls == [ToolCall(id: "c1", name: "weather", arguments: #"{"city":"Oslo"}"#)])
        #expect(pieces.results.first?.finishReason == .toolCalls)
        #expect(pieces.toolCalls.map(\.index) == [0, 0, 0])

        let (whole, _) = try await ask { _, connection in
            try await connection.beginStream()
            for name in ["a", "b"] {
                try await connection.event(
                    #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"\#(name)1","function":{"name":"\#(name)","arguments":{"x":1}}}]}}]}"#
                )
            }
            try await connection.event(
                #"{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"c","arguments":"{}"}}]},"finish_reason":"stop"}]}"#
            )
        }
        let calls = try #require(whole.results.first?.toolCalls)
        #expect(calls.map(\.name) == ["a", "b", "c"])
        #expect(calls.map(\.arguments) == [#"{"x":1}"#, #"{"x":1}"#, "{}"])
        #expect(Set(calls.map(\.id)).count == 3 && calls.allSatisfy { !$0.id.isEmpty })
        #expect(whole.results.first?.finishReason == .toolCalls)
    }

    @Test func `several choices end one by one and share the counts`() async throws {
        var request = GenerationRequest(.chat(ChatRequest([.user("Hi")])))
        request.choiceCount = 2
        let (outcome, post) = try await ask(request) { _, connection in
            try await connection.beginStream()
            for (index, text) in [(1, "b"), (0, "a"), (0, "a")] {
                try await connection.event(#"{"choices":[{"index":\#(index),"delta":{"content":"\#(text)"}}]}"#)
            }
            for index in [1, 0] {
                try await connection.event(#"{"choices":[{"index":\#(index),"delta":{},"finish_reason":"stop"}]}"#)
            }
            try await connection.event(#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":6}}"#)
            try await connection.event("[DONE]")
        }
        #expect(outcome.results.map(\.text) == ["aa", "b"])
        #expect(outcome.results.map(\.completionTokenCount) == [4, 2])
        #expect(post?.json["n"] as? Int == 2)
    }

    @Test(arguments: [Int.min, -1, Int.max])
    func `numbers of tokens that cannot be do no harm`(number: Int) async throws {
        let (outcome, _) = try await ask { _, connection in
            try await connection.beginStream()
            try await connection.event(
                #"{"prompt_progress":{"total":\#(number),"processed":0,"cache":\#(number)}}"#)
            try await connection.text("a")
            try await connection.event(
                #"{"choices":[],"timings":{"cache_n":\#(number),"draft_n":\#(number),"draft_n_accepted":\#(number)}}"#)
            try await connection.done(promptTokens: number, completionTokens: number)
        }
        #expect(outcome.error == nil && outcome.text == "a")
        #expect(outcome.progress == (number > 0 ? [0] : []))
        let result = try #require(outcome.results.first)
        let counts = [
            result.promptTokenCount, result.cachedPromptTokenCount, result.completionTokenCount,
            result.draftedTokenCount, result.acceptedDraftTokenCount,
        ]
        // Thousands of such answers may be added up.
        #expect(counts.allSatisfy { (0...Int.max >> 16).contains($0) }, "\(counts)")
    }

    @Test func `probabilities come in both of OpenAI's forms`() async throws {
        var request = GenerationRequest(.chat(ChatRequest([.user("Hi")])))
        request.options.topLogProbabilityCount = 1
        let (chat, post) = try await ask(request) { _, connection in
            try await connection.beginStream()
            try await connection.event(
                #"{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"b","logprob":-1}]}]}}]}"#
            )
            try await connection.done()
        }
        #expect(post?.json["logprobs"] as? Bool == true && post?.json["top_logprobs"] as? Int == 1)
        #expect(chat.logProbabilities.first?.chosen == .init(token: -1, bytes: [97], logProbability: -0.5))
        #expect(chat.logProbabilities.first?.top.map(\.bytes) == [[98]])
        request.prompt = .text("x", addSpecial: true)
        let (plain, other) = try await ask(request) { _, connection in
            try await connection.beginStream()
            try await connection.event(
                #"{"choices":[{"index":0,"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[-0.5],"top_logprobs":[{"a":-0.5,"b":-1}]},"finish_reason":"stop"}]}"#
            )
        }
        #expect(other?.path == "/v1/completions" && other?.json["logprobs"] as? Int == 1)
        #expect(plain.text == "a" && plain.logProbabilities.first?.top.map(\.bytes) == [[97], [98]])
    }

    @Test func `an engine that does not stream is read all the same`() async throws {
        let (outcome, _) = try await ask { _, connection in
            try await connection.answer(
                200,
                #"{"choices":[{"index":0,"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#
            )
        }
        #expect(outcome.text == "whole" && outcome.results.first?.completionTokenCount == 1)
    }

    @Test func `a refusal of the request is passed on in the engine's words, without its key`() async throws {
        let body = #"{"error":{"message":"too\nlong for sk-canary-123","type":"exceed_context_size_error","code":400}}"#
        try await ScriptedEngine.run({ _, connection in try await connection.answer(400, body) }) { engine in
            let keyed = try RemoteEngine.at(engine.address, name: "e") { $0.key = EngineKey("sk-canary-123") }
            let other = try RemoteEngine.at(engine.address, name: "f")
            try await withRouter([keyed, other]) { router in
                let model = try #require(await router.model(named: "e/m"))
                let outcome = await Outcome(model.chat([.user("Hi")]))
                #expect(
                    outcome.error as? RemoteEngineError
                        == .refused(
                            engine: "e", status: 400, message: "too long for …", code: "context_length_exceeded"))
                // Asking another engine would not help.
                #expect(engine.posts.count == 1)
                #expect(await router.statuses().first?.state == .up)
            }
        }
    }

    @Test(arguments: ["reset", "close", "error", "garbage", "silence", "line", "choice"])
    func `what breaks off after the first token is an error that names the engine`(fault: String) async throws {
        let handler: ScriptedEngine.Handler = { _, connection in
            try await connection.beginStream()
            try await connection.text("begun")
            // What was written has to arrive before the reset, which would take it back.
            switch fault {
            case "reset":
                try await Task.sleep(for: .milliseconds(100))
                try await connection.reset()
            case "close": break
            case "error": try await connection.event(#"{"error":{"message":"CUDA died","code":500}}"#)
            case "garbage": try await connection.event("{\"choices\":[")
            case "line": try await connection.write("data: " + String(repeating: "x", count: (1 << 20) + 10))
            case "choice": try await connection.event(#"{"choices":[{"index":7,"delta":{"content":"x"}}]}"#)
            default: await connection.waitForEnd()
            }
        }
        func run() async throws -> (Outcome, Int) {
            try await ScriptedEngine.run(handler) { engine in
                let impatient = try RemoteEngine.at(engine.address, name: "e") {
                    // Long enough for the question about its health, on a machine that has much else to do.
                    if fault == "silence" { $0.silenceTimeout = .seconds(5) }
                }
                let other = try RemoteEngine.at(engine.address, name: "f") {
                    $0.priority = 500
                    if fault == "silence" { $0.silenceTimeout = .seconds(20) }
                }
                return try await withRouter([impatient, other]) { router in
                    let model = try #require(await router.model(named: "m"))
                    return (await Outcome(model.chat([.user("Hi")])), engine.posts.count)
                }
            }
        }
        var (outcome, postCount) = try await run()
        // When nothing came of the first in time the other one was asked, rightly.
        for _ in 0..<10 where fault == "silence" {
            guard case .interrupted("f", _)? = outcome.error as? RemoteEngineError, outcome.text == "begun" else {
                break
            }
            (outcome, postCount) = try await run()
        }
        guard case .interrupted("e", let reason)? = outcome.error as? RemoteEngineError else {
            Issue.record("it ended with \(String(describing: outcome.error))")
            return
        }
        #expect(!reason.isEmpty)
        #expect(outcome.text == "begun")
        #expect(outcome.results.isEmpty)
        #expect(postCount == 1)
        if fault == "error" { #expect(reason.contains("CUDA died")) }
    }

    @Test func `stopping to read closes the connection`() async throws {
        let (ends, sink) = AsyncStream<Void>.makeStream()
        let handler: ScriptedEngine.Handler = { _, connection in
            try await connection.beginStream()
            try await connection.text("begun")
            await connection.waitForEnd()
            sink.yield()
        }
        try await ScriptedEngine.run(handler) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let model = try #require(await router.model(named: "m"))
                for _ in 0..<2 {
                    for try await event in model.chat([.user("Hi")]) {
                        guard case .delta = event else { continue }
                        #expect(model.activity.activeRequestCount == 1)
                        #expect(await router.statuses().first?.outstandingCount == 1)
                        break
                    }
                    var iterator = ends.makeAsyncIterator()
                    await iterator.next()
                    #expect(try await eventually { await router.statuses().first?.outstandingCount == 0 })
                    #expect(try await eventually { model.activity.activeRequestCount == 0 })
                }
                // Somebody went away, which says nothing about the engine.
                #expect(await router.statuses().first?.failedCount == 0)
            }
        }
    }

    @Test func `a task that is cancelled, a time limit and unloading end an answer`() async throws {
        let handler: ScriptedEngine.Handler = { _, connection in
            try await connection.beginStream()
            try await connection.text("begun")
            await connection.waitForEnd()
        }
        try await ScriptedEngine.run(handler) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let model = try #require(await router.model(named: "m"))
                let task = Task { await Outcome(model.chat([.user("Hi")])) }
                #expect(try await eventually { engine.posts.count == 1 })
                task.cancel()
                #expect(await task.value.results.isEmpty)

                var request = GenerationRequest(.chat(ChatRequest([.user("Hi")])))
                request.timeLimit = .milliseconds(200)
                let late = await Outcome(model.generate(request))
                #expect(late.error as? InferenceError == .deadlineExceeded(limit: .milliseconds(200)))

                // The late one may not have come as far as the engine.
                let unloaded = Task { await Outcome(model.chat([.user("the last")])) }
                #expect(
                    try await eventually {
                        engine.posts.contains { $0.body.contains("the last") }
                            && model.activity.activeRequestCount == 1
                    })
                await model.unload()
                #expect(await unloaded.value.error as? InferenceError == .unloaded)
                #expect(try await eventually { await router.statuses().first?.outstandingCount == 0 })
            }
        }
    }

    @Test func `a slow reader holds up the engine instead of filling memory`() async throws {
        let piece = String(repeating: "x", count: 8000)
        // 56 MB: near the most that an answer may have.
        let total = 7000
        let sent = Mutex(0)
        let handler: ScriptedEngine.Handler = { _, connection in
            try await connection.beginStream()
            for _ in 1...total {
                try await connection.text(piece)
                sent.withLock { $0 += 1 }
            }
            try await connection.done()
            // Closing would throw away what waits to be sent.
            await connection.waitForEnd()
        }
        try await ScriptedEngine.run(handler) { engine in
            try await withRouter([.at(engine.address, name: "e")]) { router in
                let model = try #require(await router.model(named: "m"))
                var iterator = model.chat([.user("Hi")]).makeAsyncIterator()
                _ = try await iterator.next()
                // The engine stops when the buffers on the way are full: then nothing more is sent.
                var last = 0
                repeat {
                    last = sent.withLock { $0 }
                    try await Task.sleep(for: .milliseconds(300))
                } while sent.withLock({ $0 }) != last
                #expect(last < total, "all was sent to a reader that does not read")
                // Beside what the system keeps on the way, hardly anything.
                let kept = SystemBuffers.sentByteCount + SystemBuffers.receivedByteCount
                #expect(last * piece.utf8.count < kept + 8 << 20, "\(last) of \(total) pieces")
                var count = 1
                while let event = try await iterator.next() {
                    if case .delta = event { count += 1 }
                }
                #expect(count == total)
            }
        }
    }

    @Test func `prompts that an engine cannot take are refused before it is asked`() async throws {
        let handler: ScriptedEngine.Handler = { _, connection in try await connection.answer(500, "{}") }
        try await ScriptedEngine.run(owner: "library", handler) { engine in
            try await withRouter([.at(engine.address, name: "ollama") { $0.kind = .ollama }]) { router in
                let model = try #require(await router.model(named: "m"))
                for prompt in [
                    GenerationRequest.Prompt.tokens([1, 2]),
                    .infill(
                        {
                            var gap = InfillPrompt(prefix: "a", suffix: "b")
                            gap.extra = [.init(name: "f", text: "t")]
                            return gap
                        }()),
                ] {
                    let outcome = await Outcome(model.generate(GenerationRequest(prompt)))
                    guard case .unsupported("ollama", _, _)? = outcome.error as? RemoteEngineError else {
                        Issue.record("\(String(describing: outcome.error))")
                        continue
                    }
                }
                var grammar = GenerationRequest(.chat(ChatRequest([.user("Hi")])))
                grammar.options.format = .grammar("root ::= \"a\"")
                #expect(await Outcome(model.generate(grammar)).error is RemoteEngineError)
                grammar.options.format = .jsonSchema("{")
                #expect(await Outcome(model.generate(grammar)).error is InferenceError)
                grammar.options.temperature = -1
                #expect(await Outcome(model.generate(grammar)).error is InferenceError)
                for body in [
                    { _ = try await model.tokenize("a") }, { _ = try await model.detokenize([1]) },
                    { _ = try await model.prompt(for: [.user("a")]) },
                    { _ = try await model.rerank(RerankRequest(query: "q", documents: ["d"])) },
                ] as [@Sendable () async throws -> Void] {
                    await #expect(throws: RemoteEngineError.self) { try await body() }
                }
                #expect(engine.posts.isEmpty)
                #expect(await router.statuses().first?.failedCount == 0)
            }
        }
    }
}
