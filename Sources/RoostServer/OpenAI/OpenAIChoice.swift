import Roost

/// One choice: of a chat or a completion, whole or a piece of a stream.
struct OpenAIChoice: Encodable, Sendable {
    struct Message: Encodable, Sendable {
        var role: String?
        /// Written as `null` when there is none but calls.
        var content: Nullable<String>?
        /// Always `null`: nothing here refuses. In whole messages.
        var refusal: Nullable<String>?
        var reasoning: String?
        var toolCalls: [OpenAIToolCall]?

        enum CodingKeys: String, CodingKey {
            case role, content, refusal
            case reasoning = "reasoning_content"
            case toolCalls = "tool_calls"
        }
    }

    enum Payload: Sendable {
        /// `message` of a whole chat answer.
        case message(Message)
        /// `delta` of a chat stream.
        case delta(Message)
        /// `text` of a completion.
        case text(String)
    }

    var index = 0
    let payload: Payload
    var logProbabilities: OpenAILogProbabilities?
    var finishReason: String?

    enum CodingKeys: String, CodingKey {
        case index, message, delta, text, logprobs
        case finishReason = "finish_reason"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        switch payload {
        case .message(let message): try container.encode(message, forKey: .message)
        case .delta(let message): try container.encode(message, forKey: .delta)
        case .text(let text): try container.encode(text, forKey: .text)
        }
        try container.encode(Nullable(logProbabilities), forKey: .logprobs)
        try container.encode(Nullable(finishReason), forKey: .finishReason)
    }
}

/// A function call, whole or more of one.
struct OpenAIToolCall: Encodable, Sendable {
    struct Function: Encodable, Sendable {
        var name: String?
        var arguments: String
    }

    /// In streams, where a call comes in several pieces.
    var index: Int?
    var id: String?
    var type: String?
    var function: Function

    init(_ call: ToolCall) {
        id = call.id
        type = "function"
        function = Function(name: call.name, arguments: call.arguments)
    }

    init(_ delta: ToolCallDelta) {
        index = delta.index
        id = delta.id
        type = delta.name == nil ? nil : "function"
        function = Function(name: delta.name, arguments: delta.arguments)
    }
}

/// `logprobs` of a choice, in the form of its endpoint.
enum OpenAILogProbabilities: Encodable, Sendable {
    case chat([TokenLogProbability])
    /// With the place in the text at which the first token begins, in characters.
    case completion([TokenLogProbability], textOffset: Int)

    /// `nil` when there are none.
    static func of(_ tokens: [TokenLogProbability], _ kind: OpenAIAnswer.Kind, textOffset: Int = 0) -> Self? {
        if tokens.isEmpty { return nil }
        return kind == .chat ? .chat(tokens) : .completion(tokens, textOffset: textOffset)
    }

    /// Each token as text.
    static func texts(of tokens: [TokenLogProbability]) -> [String] {
        tokens.map { String(decoding: $0.chosen.bytes, as: UTF8.self) }
    }

    enum CodingKeys: String, CodingKey {
        case content, refusal, tokens
        case tokenLogprobs = "token_logprobs"
        case topLogprobs = "top_logprobs"
        case textOffset = "text_offset"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .chat(let tokens):
            try container.encode(tokens.map(WireLogProbability.init), forKey: .content)
            try container.encodeNil(forKey: .refusal)
        case .completion(let tokens, var offset):
            let texts = Self.texts(of: tokens)
            try container.encode(texts, forKey: .tokens)
            try container.encode(
                tokens.map { WireLogProbability.finite($0.chosen.logProbability) }, forKey: .tokenLogprobs)
            try container.encode(
                tokens.map { token in
                    Dictionary(
                        token.top.map {
                            (String(decoding: $0.bytes, as: UTF8.self), WireLogProbability.finite($0.logProbability))
                        }, uniquingKeysWith: max)
                }, forKey: .topLogprobs)
            var offsets: [Int] = []
            for text in texts {
                offsets.append(offset)
                offset += text.count
            }
            try container.encode(offsets, forKey: .textOffset)
        }
    }
}

extension FinishReason {
    /// OpenAI's word.
    var openAIName: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        }
    }
}
