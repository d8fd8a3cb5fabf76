import Foundation
import NIOCore
import Roost
import Testing

@testable import Inference
@testable import RoostServer

@Suite("What the engine emits becomes each dialect's answer")
struct WireResponseTests {
    private static func result(
        choice: Int = 0, text: String = "", reasoning: String = "", toolCalls: [ToolCall] = [],
        finishReason: FinishReason = .stop
    ) -> GenerationResult {
        GenerationResult(
            choice: choice, text: text, reasoning: reasoning, toolCalls: toolCalls, tokens: [1, 2],
            finishReason: finishReason, stopString: nil, promptTokenCount: 10, cachedPromptTokenCount: 4,
            completionTokenCount: 3, seed: 1, queueDuration: .zero, promptDuration: .milliseconds(1),
            completionDuration: .milliseconds(2), timeToFirstToken: nil, totalDuration: .milliseconds(3))
    }

    private static let call = ToolCall(id: "c1", name: "weather", arguments: #"{"city":"Oslo","days":2}"#)

    private static let token = TokenLogProbability(
        chosen: .init(token: 5, bytes: [0xC3], logProbability: -0.5),
        top: [
            .init(token: 5, bytes: [0xC3], logProbability: -0.5),
            .init(token: 6, bytes: [0x61], logProbability: -.infinity),
        ])

    private func json(_ value: some Encodable) throws -> JSONObject { try JSONObject(WireJSON.data(value)) }

    /// The events of a stream, without their `data: `.
    private func events(_ buffers: [ByteBuffer]) throws -> [JSONObject] {
        try buffers.map { String(buffer: $0).dropFirst("data: ".count) }.filter { !$0.hasPrefix("[DONE]") }
            .map { try JSONObject(Data($0.utf8)) }
    }

    @Test("OpenAI: a whole answer with calls, reasoning, probabilities and several choices")
    func wholeChat() throws {
        let answer = OpenAIAnswer(.chat, model: "m", choicesPerPrompt: 2, fingerprint: "f")
        let body = try json(
            answer.whole([
                CollectedAnswer(
                    result: Self.result(reasoning: "hm", toolCalls: [Self.call], finishReason: .toolCalls)),
                CollectedAnswer(
                    result: Self.result(choice: 1, text: "hello"), logProbabilities: [Self.token]),
            ]))
        #expect(body.count("choices") == 2)
        #expect(body.isNull("choices.0.message.content"))
        #expect(body.string("choices.0.message.reasoning_content") == "hm")
        #expect(body.string("choices.0.message.tool_calls.0.id") == "c1")
        #expect(body.string("choices.0.message.tool_calls.0.type") == "function")
        #expect(body.string("choices.0.message.tool_calls.0.function.arguments") == Self.call.arguments)
        #expect(body.string("choices.0.finish_reason") == "tool_calls")
        #expect(body.isNull("choices.0.logprobs"))
        #expect(body.int("choices.1.index") == 1)
        #expect(body.string("choices.1.message.content") == "hello")
        #expect(body["choices.1.message.tool_calls"] == nil)
        #expect(body.int("choices.1.logprobs.content.0.bytes.0") == 0xC3)
        #expect(body["choices.1.logprobs.content.0.logprob"] as? Double == -0.5)
        #expect(body["choices.1.logprobs.content.0.top_logprobs.1.logprob"] as? Double == -9999)
        #expect(body.int("usage.prompt_tokens") == 10)
        #expect(body.int("usage.completion_tokens") == 6)
        #expect(body.int("usage.prompt_tokens_details.cached_tokens") == 4)
    }

    @Test("OpenAI: a stream of two choices with reasoning, calls and usage")
    func streamedChat() throws {
        let frames = OpenAIFrames(
            answer: OpenAIAnswer(.chat, model: "m", choicesPerPrompt: 2, fingerprint: "f"), choiceCount: 2,
            includesUsage: true)
        let deltas = [
            GenerationDelta(reasoning: "hm"),
            GenerationDelta(toolCalls: [ToolCallDelta(index: 0, id: "c1", name: "weather", arguments: "{\"ci")]),
            GenerationDelta(toolCalls: [ToolCallDelta(index: 0, arguments: "ty\":1}")]),
            GenerationDelta(choice: 1, text: "hello", logProbabilities: [Self.token]),
        ]
        let first = Self.result(toolCalls: [Self.call], finishReason: .toolCalls)
        let second = Self.result(choice: 1, text: "hello", finishReason: .length)
        let buffers =
            try frames.opening() + deltas.flatMap(frames.delta) + frames.ended(first)
            + frames.finished([first, second], last: second)
        #expect(buffers.last.map { String(buffer: $0) } == "data: [DONE]\n\n")
        let chunks = try events(buffers)
        #expect(chunks.count == 2 + 4 + 2 + 1)
        #expect(chunks[1].int("choices.0.index") == 1)
        #expect(chunks[1].string("choices.0.delta.role") == "assistant")
        #expect(chunks[2].string("choices.0.delta.reasoning_content") == "hm")
        #expect(chunks[2]["choices.0.delta.content"] == nil)
        #expect(chunks[3].int("choices.0.delta.tool_calls.0.index") == 0)
        #expect(chunks[3].string("choices.0.delta.tool_calls.0.function.name") == "weather")
        #expect(chunks[3].string("choices.0.delta.tool_calls.0.type") == "function")
        #expect(chunks[4]["choices.0.delta.tool_calls.0.id"] == nil)
        #expect(chunks[4].string("choices.0.delta.tool_calls.0.function.arguments") == "ty\":1}")
        #expect(chunks[5].int("choices.0.index") == 1)
        #expect(chunks[5].string("choices.0.delta.content") == "hello")
        #expect(chunks[5].count("choices.0.logprobs.content") == 1)
        #expect(chunks[6].string("choices.0.finish_reason") == "tool_calls")
        #expect(chunks[7].string("choices.0.finish_reason") == "length")
        #expect(chunks.dropLast().allSatisfy { $0.isNull("usage") })
        #expect(chunks[8].int("usage.completion_tokens") == 6)
    }

    @Test("OpenAI: a completion with its prompt before it, and its probabilities in lists")
    func completion() throws {
        let answer = OpenAIAnswer(
            .completion, model: "m", echoes: ["once "], choicesPerPrompt: 1, fingerprint: "f")
        let body = try json(
            answer.whole([CollectedAnswer(result: Self.result(text: "upon"), logProbabilities: [Self.token])]))
        #expect(body.string("choices.0.text") == "once upon")
        #expect(body.string("choices.0.logprobs.tokens.0") == "\u{FFFD}")
        #expect(body["choices.0.logprobs.token_logprobs.0"] as? Double == -0.5)
        #expect(body["choices.0.logprobs.top_logprobs.0.a"] as? Double == -9999)
        let frames = OpenAIFrames(answer: answer, choiceCount: 1, includesUsage: false)
        #expect(try events(frames.opening()).map { $0.string("choices.0.text") } == ["once "])
        let tokens = ["up", "on", " a"].map { text in
            TokenLogProbability(
                chosen: .init(token: 1, bytes: Array(text.utf8), logProbability: -1), top: [])
        }
        let whole = try json(
            answer.whole([CollectedAnswer(result: Self.result(text: "upon a"), logProbabilities: tokens)]))
        #expect(whole["choices.0.logprobs.text_offset"] as? [Int] == [0, 2, 4])
        let deltas = [
            GenerationDelta(text: "upon", logProbabilities: Array(tokens[..<2])),
            GenerationDelta(text: " a", logProbabilities: Array(tokens[2...])),
        ]
        let chunks = try events(deltas.flatMap(frames.delta))
        #expect(chunks.map { $0["choices.0.logprobs.text_offset"] as? [Int] } == [[0, 2], [4]])
    }

    @Test("OpenAI: the probabilities of a response are those of its text, not of thoughts and calls")
    func responseProbabilities() throws {
        let tokens = ["<think>", "hm", "so", "it", "{", "}"].map { text in
            TokenLogProbability(
                chosen: .init(token: 1, bytes: Array(text.utf8), logProbability: -1), top: [])
        }
        var result = Self.result(text: "soit", reasoning: "hm")
        result.reasoningTokenCount = 2
        for (calls, answered) in [([], Array(tokens[..<4])), ([Self.call], tokens)] {
            result.toolCalls = calls
            let response = ResponseObject(id: "r", model: "m", createdAt: 0, settings: ResponseSettings())
            let whole = try json(
                ResponseWriter.whole(CollectedAnswer(result: result, logProbabilities: answered), of: response))
            let item = try #require((0..<3).first { whole.string("output.\($0).type") == "message" })
            #expect(whole.string("output.\(item).content.0.text") == "soit")
            #expect(whole.count("output.\(item).content.0.logprobs") == 2)
            #expect(whole.string("output.\(item).content.0.logprobs.0.token") == "so")
        }
    }

    @Test("OpenAI: vectors as numbers and as little-endian base64")
    func vectors() throws {
        let result = EmbeddingResult(vectors: [[[1, -2.5]], [[0, 3]]], tokenCounts: [2, 3])
        let plain = try json(OpenAIEmbeddingList(result, model: "m", isBase64: false))
        #expect(plain["data.0.embedding"] as? [Double] == [1, -2.5])
        #expect(plain.int("data.1.index") == 1)
        #expect(plain.int("usage.total_tokens") == 5)
        let packed = try json(OpenAIEmbeddingList(result, model: "m", isBase64: true))
        #expect(packed.string("data.0.embedding") == "AACAPwAAIMA=")
    }

    @Test("Reranking: the best first, no more than asked for")
    func ranking() throws {
        let body = try RequestReader.decode(
            RerankBody.self,
            from: Data(#"{"query":"q","documents":["a","b","c"],"top_n":2,"return_documents":true}"#.utf8))
        let list = try json(
            RerankList(RerankResult(scores: [0.5, 9, 0.5], tokenCounts: [1, 2, 3]), of: body, model: "m"))
        #expect(list.count("results") == 2)
        #expect(list.int("results.0.index") == 1)
        #expect(list.string("results.0.document.text") == "b")
        #expect(list.int("results.1.index") == 0)
        #expect(list.int("usage.prompt_tokens") == 6)
    }

    @Test("Ollama: thinking, text and whole calls, in lines and in one piece")
    func ollama() throws {
        let generation = StartedGeneration(
            job: GenerationJob(model: "m", request: GenerationRequest(.chat(ChatRequest([.user("hi")])))),
            submitted: .now, loadDuration: .zero, warnings: [], events: GenerationEvents.makeStream().events,
            interruption: Interruption(), cancel: {})
        let frames = OllamaFrames(kind: .chat, generation: generation)
        let result = Self.result(text: "hello", reasoning: "hm", toolCalls: [Self.call], finishReason: .toolCalls)
        let deltas = [
            GenerationDelta(reasoning: "hm"), GenerationDelta(text: "hello", logProbabilities: [Self.token]),
            GenerationDelta(toolCalls: [ToolCallDelta(index: 0, id: "c1", name: "weather")]),
        ]
        let lines = try (deltas.flatMap(frames.delta) + frames.finished([result], last: result))
            .map { try JSONObject(Data($0.readableBytesView)) }
        #expect(lines.count == 4)
        #expect(lines[0].string("message.thinking") == "hm")
        #expect(lines[0].string("message.content") == "")
        #expect(lines[1].string("message.content") == "hello")
        #expect(lines[1].count("logprobs.0.top_logprobs") == 2)
        #expect(lines[2].string("message.tool_calls.0.function.name") == "weather")
        #expect(lines[2].string("message.tool_calls.0.function.arguments.city") == "Oslo")
        #expect(lines[2].int("message.tool_calls.0.function.arguments.days") == 2)
        #expect(lines[2].bool("done") == false)
        #expect(lines[3].string("done_reason") == "stop")
        let whole = try json(frames.whole(CollectedAnswer(result: result, logProbabilities: [Self.token])))
        #expect(whole.string("message.thinking") == "hm")
        #expect(whole.string("message.tool_calls.0.id") == "c1")
        #expect(whole.count("logprobs") == 1)
        let generate = try json(
            OllamaFrames(kind: .generate, generation: generation).whole(CollectedAnswer(result: result)))
        #expect(generate.string("thinking") == "hm")
        #expect(generate.string("response") == "hello")
    }
}
