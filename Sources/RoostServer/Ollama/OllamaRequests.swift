import Roost

/// `POST /api/generate`.
struct OllamaGenerateRequest: Decodable, Sendable {
    var model: String?
    var prompt: String?
    var suffix: String?
    var system: String?
    var template: String?
    var context: [Int]?
    var stream: Bool?
    var raw: Bool?
    var format: JSONText?
    var keepAlive: OllamaKeepAlive?
    var images: [String]?
    var think: OllamaThink?
    var truncate: Bool?
    var shift: Bool?
    var logprobs: Bool?
    var topLogprobs: Int?
    var options: OllamaOptions?

    enum CodingKeys: String, CodingKey {
        case model, prompt, suffix, system, template, context, stream, raw, format, images, think, truncate, shift
        case logprobs, options
        case keepAlive = "keep_alive"
        case topLogprobs = "top_logprobs"
    }
}

/// `POST /api/chat`.
struct OllamaChatRequest: Decodable, Sendable {
    var model: String?
    var messages: [OllamaMessage]?
    var tools: [WireTool]?
    var stream: Bool?
    var format: JSONText?
    var keepAlive: OllamaKeepAlive?
    var think: OllamaThink?
    /// Leaves the oldest messages out where the conversation is longer than the context; else it is refused.
    var truncate: Bool?
    /// Goes on when the context is full, without its oldest half.
    var shift: Bool?
    var logprobs: Bool?
    var topLogprobs: Int?
    var options: OllamaOptions?

    enum CodingKeys: String, CodingKey {
        case model, messages, tools, stream, format, think, truncate, shift, logprobs, options
        case keepAlive = "keep_alive"
        case topLogprobs = "top_logprobs"
    }
}

/// `think`: yes or no, or how hard.
enum OllamaThink: Decodable, Sendable, Hashable {
    case flag(Bool)
    case effort(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
            return
        }
        let word = try container.decode(String.self)
        guard ["max", "high", "medium", "low"].contains(word) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it must be true, false, \"max\", \"high\", \"medium\" or \"low\"")
        }
        self = .effort(word)
    }

    /// Whether the model is to think.
    var isOn: Bool { self != .flag(false) }
}

/// A message of a conversation, in Ollama's form.
struct OllamaMessage: Decodable, Sendable {
    var role: String
    var content: String?
    var images: [String]?
    var thinking: String?
    var toolCalls: [WireToolCall]?
    var toolName: String?
    var toolCallID: String?

    enum CodingKeys: String, CodingKey {
        case role, content, images, thinking
        case toolCalls = "tool_calls"
        case toolName = "tool_name"
        case toolCallID = "tool_call_id"
    }

    /// The message. Throws `APIError.invalidRequest` that names the field.
    func chatMessage(index: Int) throws -> ChatMessage {
        let field = "messages[\(index)]"
        guard let role = ChatMessage.Role(rawValue: role) else {
            throw APIError.invalidRequest(
                "\(field).role is “\(role.prefix(40))”, but must be system, user, assistant or tool.",
                parameter: "\(field).role")
        }
        var message = ChatMessage(
            role: role, parts: try Self.parts(content ?? "", images: images, field: "\(field).images"))
        message.reasoning = thinking.flatMap { $0.isEmpty ? nil : $0 }
        if role == .assistant { message.toolCalls = (toolCalls ?? []).enumerated().map { $1.call(index: $0) } }
        if role == .tool {
            message.toolCallID = toolCallID
            message.name = toolName
        }
        return message
    }

    /// Pictures, then the text: as Ollama puts them. Throws `APIError.invalidRequest`.
    static func parts(_ text: String, images: [String]?, field: String) throws -> [ChatMessage.Part] {
        try (images ?? []).enumerated().map { .image(try WireImage.data(base64: $1, field: "\(field)[\($0)]")) }
            + [.text(text)]
    }
}

/// `keep_alive`: seconds as a number, or a duration as Go writes them (`"5m"`); negative is forever, 0 unloads at once.
struct OllamaKeepAlive: Decodable, Sendable {
    let value: KeepAlive

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let seconds = try? container.decode(Double.self) {
            value = KeepAlive(seconds: seconds)
            return
        }
        guard let value = KeepAlive(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it must be seconds or a duration such as \"5m\" or \"1h30m\"")
        }
        self.value = value
    }
}

extension OllamaKeepAlive {
    /// Whether the model is to go at once.
    var isZero: Bool { value == .never }
}

/// `POST /api/show`, `DELETE /api/delete`: the model, under the name that older clients use too.
struct OllamaModelRequest: Decodable, Sendable {
    var model: String?
    var name: String?
    var verbose: Bool?

    /// Throws `APIError.invalidRequest` when no model is named.
    func requiredModel() throws -> String {
        guard let model = [model, name].compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
            throw APIError.invalidRequest("model is required", parameter: "model")
        }
        return model
    }
}

/// `POST /api/copy`.
struct OllamaCopyRequest: Decodable, Sendable {
    var source: String
    var destination: String
}
