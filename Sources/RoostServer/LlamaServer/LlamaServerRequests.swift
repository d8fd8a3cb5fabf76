import Roost

/// `POST /completion`.
struct LlamaServerCompletionRequest: Decodable, Sendable {
    let options: LlamaServerOptions
    let idle: LlamaServerIdleFields
    var model: String?
    var prompt: LlamaServerPrompts?
    var stream: Bool?

    enum CodingKeys: CodingKey { case model, prompt, stream }

    init(from decoder: any Decoder) throws {
        options = try LlamaServerOptions(from: decoder)
        idle = try LlamaServerIdleFields(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        model = try container.decodeIfPresent(String.self, forKey: .model)
        prompt = try container.decodeIfPresent(LlamaServerPrompts.self, forKey: .prompt)
        stream = try container.decodeIfPresent(Bool.self, forKey: .stream)
    }

    /// Most prompts of one request.
    static let maximumCount = 128

    /// Throws `APIError.invalidRequest` when there is none, or there are too many.
    func requiredPrompts() throws -> LlamaServerPrompts {
        guard let prompt else { throw APIError.invalidRequest("prompt is required.", parameter: "prompt") }
        guard (1...Self.maximumCount).contains(prompt.prompts.count) else {
            throw APIError.invalidRequest(
                "prompt has \(prompt.prompts.count) prompts, but must have 1 to \(Self.maximumCount).",
                parameter: "prompt")
        }
        return prompt
    }
}

/// `POST /infill`.
struct LlamaServerInfillRequest: Decodable, Sendable {
    struct Extra: Decodable, Sendable {
        var filename: String?
        var text: String
    }

    let options: LlamaServerOptions
    let idle: LlamaServerIdleFields
    var model: String?
    var prefix: String?
    var suffix: String?
    var prompt: String?
    var extra: [Extra]?
    var stream: Bool?

    enum CodingKeys: String, CodingKey {
        case model, prompt, stream
        case prefix = "input_prefix"
        case suffix = "input_suffix"
        case extra = "input_extra"
    }

    init(from decoder: any Decoder) throws {
        options = try LlamaServerOptions(from: decoder)
        idle = try LlamaServerIdleFields(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        model = try container.decodeIfPresent(String.self, forKey: .model)
        prefix = try container.decodeIfPresent(String.self, forKey: .prefix)
        suffix = try container.decodeIfPresent(String.self, forKey: .suffix)
        prompt = try container.decodeIfPresent(String.self, forKey: .prompt)
        extra = try container.decodeIfPresent([Extra].self, forKey: .extra)
        stream = try container.decodeIfPresent(Bool.self, forKey: .stream)
    }

    /// The gap. Throws `APIError.invalidRequest` when a side of it is missing.
    func infill() throws -> InfillPrompt {
        guard let prefix else {
            throw APIError.invalidRequest("\"input_prefix\" is required", parameter: "input_prefix")
        }
        guard let suffix else {
            throw APIError.invalidRequest("\"input_suffix\" is required", parameter: "input_suffix")
        }
        var infill = InfillPrompt(prefix: prefix, suffix: suffix)
        infill.prompt = prompt ?? ""
        // llama-server's name for a file without one.
        infill.extra = (extra ?? []).map { .init(name: $0.filename ?? "tmp", text: $0.text) }
        return infill
    }
}
