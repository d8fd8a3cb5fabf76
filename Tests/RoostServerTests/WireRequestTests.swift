import Foundation
import Roost
import Testing

@testable import RoostServer

@Suite("Requests become what the engine is asked")
struct WireRequestTests {
    private func openAI(_ fields: String) throws -> GenerationRequest {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}],\#(fields)}"#
        return try RequestReader.decode(OpenAIChatRequest.self, from: Data(body.utf8)).generationRequest()
    }

    private func ollama(_ fields: String) throws -> GenerationRequest {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}],\#(fields)}"#
        return try RequestReader.decode(OllamaChatRequest.self, from: Data(body.utf8)).generationRequest()
    }

    private func chat(_ request: GenerationRequest) throws -> ChatRequest {
        guard case .chat(let chat) = request.prompt else { throw APIError.failure("no conversation") }
        return chat
    }

    private func parameter(_ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch APIError.invalidRequest(_, let parameter, _) {
            return parameter
        } catch {
            return "\(error)"
        }
    }

    private static let schema = #"{"type":"object","properties":{"z":{"type":"string"},"a":{"enum":["}","\""]}}}"#

    @Test("OpenAI's tools, with the schema as it was written: the order of properties is the client's")
    func tools() throws {
        let request = try openAI(
            #""tools": [ {"type":"function","function":{"name":"weather","description":"Of a city","#
                + #""parameters": \#(Self.schema), "strict":true}},{"type":"function","function":{"name":"now"}}],"#
                + #""tool_choice":{"type":"function","function":{"name":"weather"}},"parallel_tool_calls":false"#)
        let chat = try chat(request)
        #expect(
            chat.tools == [
                ToolDefinition(name: "weather", description: "Of a city", parameters: Self.schema),
                ToolDefinition(name: "now"),
            ])
        #expect(chat.toolChoice == .function("weather"))
        #expect(!chat.allowsParallelToolCalls)
    }

    @Test("Numbers behind names are found, alone or first in an array, in text that may be no JSON")
    func namedNumbers() {
        let text = #"{"a" : -1.5e3,"b":[ 2,3],"":4,"a b":5,"c":"6","d"e":7,"f":-,"g":[[8]],"h":9"#
        let bytes = Array(text.utf8)
        let found = NamedNumbers(bytes).map { "\($0.field)=\(String(decoding: bytes[$0.range], as: UTF8.self))" }
        #expect(found == ["a=-1.5e3", "b=2", "h=9"])
        #expect(Array(NamedNumbers(Array(#""a":"#.utf8))).isEmpty && Array(NamedNumbers([])).isEmpty)
    }

    @Test("A number out of range is told with its field")
    func numberOutOfRange() {
        #expect(parameter { try ollama(#""options":{"num_predict":1e99}"#) } == "num_predict")
    }

    @Test("A hundred thousand schemas are read one after the other, not each from the body's start")
    func manyTexts() throws {
        let count = 100_000
        let body = "[" + Array(repeating: #"{"\u0061":1}"#, count: count).joined(separator: ",") + "]"
        let texts = try RequestReader.decode([JSONText].self, from: Data(body.utf8))
        #expect(texts.count == count && texts.last?.text == #"{"\u0061":1}"#)
    }

    @Test("OpenAI's words for tool_choice", arguments: ["auto", "none", "required"])
    func toolChoice(word: String) throws {
        let chat = try chat(openAI(#""tools":[{"function":{"name":"f"}}],"tool_choice":"\#(word)""#))
        #expect(chat.toolChoice == ["auto": .auto, "none": .none, "required": .required][word])
        #expect(chat.allowsParallelToolCalls)
    }

    @Test("A conversation with calls and their results, as OpenAI and as Ollama send it")
    func history() throws {
        let openAI = try RequestReader.decode(
            OpenAIChatRequest.self,
            from: Data(
                #"""
                {"messages":[{"role":"developer","content":"be kind"},{"role":"user","content":"weather?"},
                 {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function",
                  "function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},
                 {"role":"tool","tool_call_id":"c1","name":"weather","content":"cold"}]}
                """#.utf8)
        ).generationRequest()
        let ollama = try RequestReader.decode(
            OllamaChatRequest.self,
            from: Data(
                #"""
                {"messages":[{"role":"system","content":"be kind"},{"role":"user","content":"weather?"},
                 {"role":"assistant","content":"","thinking":"hm","tool_calls":[{"id":"c1",
                  "function":{"name":"weather","arguments":{"city":"Oslo"}}}]},
                 {"role":"tool","tool_call_id":"c1","tool_name":"weather","content":"cold"}]}
                """#.utf8)
        ).generationRequest()
        let messages = try chat(openAI).messages
        #expect(messages.map(\.role) == [.system, .user, .assistant, .tool])
        #expect(messages[2].toolCalls == [ToolCall(id: "c1", name: "weather", arguments: #"{"city":"Oslo"}"#)])
        #expect(messages[2].reasoning == "hm")
        #expect(messages[3].toolCallID == "c1")
        #expect(messages[3].name == "weather")
        #expect(messages[3].content == "cold")
        #expect(try chat(ollama).messages == messages)
    }

    @Test("Forms of output, as each dialect asks for them")
    func formats() throws {
        #expect(try openAI(#""n":1"#).options.format == .text)
        #expect(try openAI(#""response_format":{"type":"text"}"#).options.format == .text)
        #expect(try openAI(#""response_format":{"type":"json_object"}"#).options.format == .json)
        let named = #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":\#(Self.schema)}}"#
        #expect(try openAI(named).options.format == .jsonSchema(Self.schema))
        let bare = #""response_format":{"type":"json_object","schema":\#(Self.schema)}"#
        #expect(try openAI(bare).options.format == .jsonSchema(Self.schema))
        #expect(try ollama(#""format":"json""#).options.format == .json)
        #expect(try ollama(#""format":\#(Self.schema)"#).options.format == .jsonSchema(Self.schema))
        #expect(try ollama(#""format":"""#).options.format == .text)
        #expect(try ollama(#""format":null"#).options.format == .text)
        #expect(parameter { try ollama(#""format":["json"]"#) } == "format")
    }

    @Test("Sampling: OpenAI's defaults, llama-server's samplers, and −1 as engines write it")
    func sampling() throws {
        let plain = try openAI(#""n":1"#).options
        #expect(plain.temperature == 1 && plain.topP == 1 && plain.topK == 0 && plain.minP == 0)
        let options = try openAI(
            #""typical_p":0.5,"mirostat":2,"repeat_last_n":7,"dry_multiplier":0.25,"xtc_probability":0.5,"#
                + #""dynatemp_range":0.5,"n_keep":3,"top_k":-1,"max_tokens":-1"#
        ).options
        #expect(options.typicalP == 0.5 && options.mirostat == 2 && options.penaltyLastN == 7)
        #expect(options.dryMultiplier == 0.25 && options.xtcProbability == 0.5)
        #expect(options.dynamicTemperatureRange == 0.5 && options.keptTokenCount == 3)
        #expect(options.topK == 0 && options.maxTokens == nil)
        #expect(try openAI(#""n_predict":5"#).options.maxTokens == 5)
        #expect(parameter { try openAI(#""max_tokens":-2"#) } == "max_tokens")
        #expect(try ollama(#""options":{"top_k":-1}"#).options.topK == 0)
        let llama = #"{"top_k":-1,"n_predict":-1}"#
        let own = try RequestReader.decode(LlamaServerOptions.self, from: Data(llama.utf8)).generationOptions()
        #expect(own.topK == 0 && own.maxTokens == nil)
    }

    @Test("What stands twice in a body is read once, as it stands first")
    func twice() throws {
        let request = try openAI(
            #""tools":[{"function":{"name":"a","parameters":{"type":"object","title":"A"}}}],"#
                + #""tools":[{"function":{"name":"b","parameters":{"type":"object","title":"B"}}}]"#)
        let first = ToolDefinition(name: "a", parameters: #"{"type":"object","title":"A"}"#)
        #expect(try chat(request).tools == [first])
    }

    @Test("Probabilities and several answers")
    func probabilities() throws {
        #expect(try openAI(#""n":3"#).choiceCount == 3)
        #expect(try openAI(#""logprobs":true"#).options.topLogProbabilityCount == 0)
        #expect(try openAI(#""logprobs":true,"top_logprobs":5"#).options.topLogProbabilityCount == 5)
        #expect(try openAI(#""logprobs":false"#).options.topLogProbabilityCount == nil)
        #expect(try ollama(#""logprobs":true,"top_logprobs":2"#).options.topLogProbabilityCount == 2)
        #expect(try ollama(#""top_logprobs":2"#).options.topLogProbabilityCount == nil)
        #expect(try openAI(#""cache_prompt":false"#).usesPrefixCache == false)
    }

    @Test("Thinking, as each dialect asks for it")
    func thinking() throws {
        #expect(try chat(ollama(#""think":true"#)).isThinking == true)
        #expect(try chat(ollama(#""think":false"#)).isThinking == false)
        #expect(try chat(ollama(#""stream":true"#)).isThinking == nil)
        let hard = try chat(ollama(#""think":"high""#))
        #expect(hard.isThinking == true)
        #expect(hard.templateArguments == ["reasoning_effort": #""high""#])
        let arguments = try chat(openAI(#""chat_template_kwargs":{"enable_thinking":false,"depth":[1, 2]}"#))
        #expect(arguments.isThinking == false)
        #expect(arguments.templateArguments == ["depth": "[1, 2]"])
        #expect(try chat(openAI(#""reasoning_effort":"none""#)).isThinking == false)
    }

    @Test("Pictures stand where the client put them")
    func images() throws {
        let picture = Data([1, 2, 3])
        let base64 = picture.base64EncodedString()
        let openAI = try RequestReader.decode(
            OpenAIChatRequest.self,
            from: Data(
                #"""
                {"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},
                 {"type":"image_url","image_url":{"url":"data:image/png;base64,\#(base64)","detail":"low"}},
                 {"type":"text","text":"c"}]}]}
                """#.utf8)
        ).generationRequest()
        #expect(try chat(openAI).messages[0].parts == [.text("a\nb"), .image(picture), .text("c")])
        let ollama = try RequestReader.decode(
            OllamaChatRequest.self,
            from: Data(#"{"messages":[{"role":"user","content":"a","images":["\#(base64)"]}]}"#.utf8)
        ).generationRequest()
        #expect(try chat(ollama).messages[0].parts == [.image(picture), .text("a")])
    }

    @Test("A prompt with a suffix is a gap; echo and text prompts are written as they are")
    func completions() throws {
        func completion(_ body: String) throws -> OpenAICompletionRequest {
            try RequestReader.decode(OpenAICompletionRequest.self, from: Data(body.utf8))
        }
        let gap = try completion(#"{"prompt":"def f(","suffix":"return x"}"#)
        #expect(try gap.enginePrompts() == [.infill(InfillPrompt(prefix: "def f(", suffix: "return x"))])
        let echo = try completion(#"{"prompt":["once"],"echo":true}"#)
        #expect(try echo.enginePrompts() == [.text("once", addSpecial: true)])
        #expect(try echo.echoedTexts() == ["once"])
        #expect(parameter { try completion(#"{"prompt":[1,2],"echo":true}"#).echoedTexts() } == "echo")
        #expect(parameter { try completion(#"{"prompt":[]}"#).enginePrompts() } == "prompt")
        #expect(parameter { try completion(#"{"prompt":[1],"suffix":"x"}"#).enginePrompts() } == "suffix")
    }

    @Test("Texts, token ids and lists of both become vectors")
    func embeddings() throws {
        func inputs(_ input: String) throws -> [EmbeddingRequest.Input] {
            try RequestReader.decode(OpenAIEmbeddingRequest.self, from: Data(#"{"input":\#(input)}"#.utf8))
                .embeddingRequest().inputs
        }
        #expect(try inputs(#""a""#) == [.text("a")])
        #expect(try inputs(#"["a","b"]"#) == [.text("a"), .text("b")])
        #expect(try inputs("[1,2]") == [.tokens([1, 2])])
        #expect(try inputs("[[1],[2,3]]") == [.tokens([1]), .tokens([2, 3])])
        #expect(parameter { try inputs("[]") } == "input")
        #expect(parameter { try inputs("7") } == "input")
        let body = #"{"input":"a","dimensions":0}"#
        #expect(
            parameter {
                try RequestReader.decode(OpenAIEmbeddingRequest.self, from: Data(body.utf8)).embeddingRequest()
            } == "dimensions")
        let ollama = try RequestReader.decode(
            OllamaEmbedRequest.self, from: Data(#"{"input":["a"],"dimensions":64}"#.utf8)
        ).embeddingRequest()
        #expect(ollama.truncates)
        #expect(ollama.dimensionCount == 64)
        #expect(ollama.normalization == .euclidean)
        let older = try RequestReader.decode(OllamaEmbeddingsRequest.self, from: Data(#"{"prompt":"a"}"#.utf8))
        #expect(older.embeddingRequest().normalization == .none)
    }

    @Test("Documents to rank are texts, or objects that hold one")
    func rerank() throws {
        func body(_ text: String) throws -> RerankBody {
            try RequestReader.decode(RerankBody.self, from: Data(text.utf8))
        }
        let request = try body(#"{"query":"q","documents":["a",{"text":"b"}],"top_n":1}"#).rerankRequest()
        #expect(request == RerankRequest(query: "q", documents: ["a", "b"]))
        #expect(parameter { try body(#"{"documents":["a"]}"#).rerankRequest() } == "query")
        #expect(parameter { try body(#"{"query":"q","documents":[]}"#).rerankRequest() } == "documents")
        #expect(parameter { try body(#"{"query":"q","documents":["a"],"top_n":0}"#).rerankRequest() } == "top_n")
    }

    @Test(
        "A part of a body is found as it was written",
        arguments: [
            (#"{"a":{"b":[1,{"c": {"x":"]}"} }]}}"#, #"{"x":"]}"}"#), (#"{"a":{"b":[{},{"c":null}]}}"#, "null"),
            (#"{"a" : {"b":[ "],[", {"d":1,"c":-1.5e3}]}}"#, "-1.5e3"),
            (#"{"q":"\\\"{","a":{"b":[0,{"\u0063":"é\\"}]}}"#, #""é\\""#),
        ])
    func outline(body: String, expected: String) throws {
        let outline = JSONOutline(Data(body.utf8))
        let path: [Key] = [Key("a"), Key("b"), Key(1), Key("c")]
        #expect(outline.text(at: path) == expected)
        #expect(outline.text(at: [Key("a"), Key("nothing")]) == nil)
        #expect(outline.text(at: [Key("a"), Key("b"), Key(7)]) == nil)
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int?

        init(_ name: String) { (stringValue, intValue) = (name, nil) }
        init(_ index: Int) { (stringValue, intValue) = ("\(index)", index) }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { self.init(intValue) }
    }
}
