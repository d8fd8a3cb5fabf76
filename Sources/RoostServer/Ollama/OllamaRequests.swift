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
    var format: JSONValue?
    var keepAlive: OllamaKeepAlive?
    var images: [String]?
    var think: JSONValue?
    var logprobs: Bool?
    var options: OllamaOptions?

    enum CodingKeys: String, CodingKey {
        case model, prompt, suffix, system, template, context, stream, raw, format, images, think, logprobs, options
        case keepAlive = "keep_alive"
    }
}

/// `POST /api/chat`.
struct OllamaChatRequest: Decodable, Sendable {
    var model: String?
    var messages: [Message]?
    var tools: [JSONValue]?
    var stream: Bool?
    var format: JSONValue?
    var keepAlive: OllamaKeepAlive?
    var think: JSONValue?
    var logprobs: Bool?
    var options: OllamaOptions?

    struct Message: Decodable, Sendable {
        var role: String
        var content: String?
        var images: [String]?
    }

    enum CodingKeys: String, CodingKey {
        case model, messages, tools, stream, format, think, logprobs, options
        case keepAlive = "keep_alive"
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
