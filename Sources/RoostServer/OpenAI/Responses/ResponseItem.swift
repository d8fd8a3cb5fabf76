import Roost

/// One thing of a conversation in the form of OpenAI's Responses: what was said, thought, called, or came of a call.
struct ResponseItem: Encodable, Sendable {
    /// A piece of a message, or of what a function returned.
    enum Part: Encodable, Sendable {
        case inputText(String)
        /// A `data:` URL.
        case inputImage(url: String, detail: String)
        case outputText(String, logProbabilities: [TokenLogProbability])
        case refusal(String)
        case reasoning(String)
    }

    enum Content: Sendable {
        case message(role: String, parts: [Part])
        case reasoning(String)
        case functionCall(callID: String, name: String, arguments: String)
        case functionCallOutput(callID: String, output: Output)
    }

    /// What a function returned: a text, or parts, as it was sent.
    enum Output: Encodable, Sendable {
        case text(String)
        case parts([Part])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .parts(let parts): try container.encode(parts)
            }
        }
    }

    enum Status: String, Encodable, Sendable {
        case inProgress = "in_progress"
        case completed, incomplete
    }

    var id: String
    var content: Content
    var status = Status.completed

    enum CodingKeys: String, CodingKey {
        case id, type, role, content, status, summary, name, arguments, output
        case callID = "call_id"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(type, forKey: .type)
        try container.encode(status, forKey: .status)
        switch content {
        case .message(let role, let parts):
            try container.encode(role, forKey: .role)
            try container.encode(parts, forKey: .content)
        case .reasoning(let text):
            try container.encode([String](), forKey: .summary)
            try container.encode(text.isEmpty ? [] : [Part.reasoning(text)], forKey: .content)
        case .functionCall(let callID, let name, let arguments):
            try container.encode(callID, forKey: .callID)
            try container.encode(name, forKey: .name)
            try container.encode(arguments, forKey: .arguments)
        case .functionCallOutput(let callID, let output):
            try container.encode(callID, forKey: .callID)
            try container.encode(output, forKey: .output)
        }
    }

    private var type: String {
        switch content {
        case .message: "message"
        case .reasoning: "reasoning"
        case .functionCall: "function_call"
        case .functionCallOutput: "function_call_output"
        }
    }
}

extension ResponseItem.Part {
    enum CodingKeys: String, CodingKey {
        case type, text, refusal, detail, annotations, logprobs
        case imageURL = "image_url"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .inputText(let text):
            try container.encode("input_text", forKey: .type)
            try container.encode(text, forKey: .text)
        case .inputImage(let url, let detail):
            try container.encode("input_image", forKey: .type)
            try container.encode(url, forKey: .imageURL)
            try container.encode(detail, forKey: .detail)
        case .outputText(let text, let logProbabilities):
            try container.encode("output_text", forKey: .type)
            try container.encode(text, forKey: .text)
            try container.encode([String](), forKey: .annotations)
            try container.encode(logProbabilities.map(WireLogProbability.init), forKey: .logprobs)
        case .refusal(let text):
            try container.encode("refusal", forKey: .type)
            try container.encode(text, forKey: .refusal)
        case .reasoning(let text):
            try container.encode("reasoning_text", forKey: .type)
            try container.encode(text, forKey: .text)
        }
    }

    /// What a model is given of it.
    ///
    /// Throws `APIError.invalidRequest` that names `field`.
    func chatPart(field: String) throws -> ChatMessage.Part {
        switch self {
        case .inputText(let text), .outputText(let text, _), .refusal(let text), .reasoning(let text): .text(text)
        case .inputImage(let url, _): .image(try WireImage.data(url: url, field: field))
        }
    }
}
