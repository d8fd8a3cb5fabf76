import Roost

/// What the requests of this dialect have in common.
enum OllamaFields {
    /// Throws `APIError.invalidRequest` when no model is named.
    static func required(_ model: String?) throws -> String {
        guard let model, !model.isEmpty else {
            throw APIError.invalidRequest("model is required", parameter: "model")
        }
        return model
    }

    /// `format`: nothing, `"json"` or a schema. Throws `APIError.invalidRequest`.
    static func format(_ format: JSONText?) throws -> OutputFormat {
        guard let format, !format.isNull else { return .text }
        if format.isObject { return .jsonSchema(format.text) }
        switch format.string {
        case "": return .text
        case "json": return .json
        default:
            throw APIError.invalidRequest("format must be \"json\" or a JSON schema.", parameter: "format")
        }
    }

    /// How many rivals of each token are reported; `nil` reports no probabilities. Throws `APIError.invalidRequest`.
    static func logProbabilityCount(_ isOn: Bool?, _ count: Int?) throws -> Int? {
        guard isOn ?? false else { return nil }
        return try WireLogProbability.checked(count ?? 0, field: "top_logprobs")
    }

    /// Tells the template how to think.
    static func apply(_ think: OllamaThink?, to chat: inout ChatRequest) {
        chat.isThinking = think?.isOn
        if case .effort(let word) = think { chat.templateArguments["reasoning_effort"] = "\"\(word)\"" }
    }
}

extension OllamaGenerateRequest {
    /// What is asked of the engine. Throws `APIError.invalidRequest` that names the field.
    func generationRequest() throws -> GenerationRequest {
        let prompt = prompt ?? ""
        let isRaw = raw ?? false
        if isRaw, !(system ?? "").isEmpty || !(template ?? "").isEmpty || context != nil {
            throw APIError.invalidRequest("raw mode does not support template, system, or context", parameter: "raw")
        }
        let given: GenerationRequest.Prompt
        if let suffix, !suffix.isEmpty {
            given = .infill(InfillPrompt(prefix: prompt, suffix: suffix))
        } else if isRaw {
            given = .text(prompt, addSpecial: true)
        } else {
            let turn = ChatMessage(
                role: .user, parts: try OllamaMessage.parts(prompt, images: images, field: "images"))
            let system = system.flatMap { $0.isEmpty ? nil : ChatMessage.system($0) }
            var chat = ChatRequest([system, turn].compactMap { $0 })
            OllamaFields.apply(think, to: &chat)
            given = .chat(chat)
        }
        if !(images ?? []).isEmpty, isRaw || !(suffix ?? "").isEmpty {
            throw APIError.invalidRequest("images do not go with raw or suffix", parameter: "images")
        }
        var options = options?.generationOptions() ?? OllamaOptions.defaults
        options.format = try OllamaFields.format(format)
        options.shiftsContext = shift ?? false
        options.topLogProbabilityCount = try OllamaFields.logProbabilityCount(logprobs, topLogprobs)
        return GenerationRequest(given, options: options)
    }
}

extension OllamaChatRequest {
    /// What is asked of the engine. Throws `APIError.invalidRequest` that names the field.
    func generationRequest() throws -> GenerationRequest {
        var chat = ChatRequest(try (messages ?? []).enumerated().map { try $1.chatMessage(index: $0) })
        chat.tools = try WireTool.definitions(tools)
        OllamaFields.apply(think, to: &chat)
        var options = options?.generationOptions() ?? OllamaOptions.defaults
        options.format = try OllamaFields.format(format)
        options.shiftsContext = shift ?? false
        options.topLogProbabilityCount = try OllamaFields.logProbabilityCount(logprobs, topLogprobs)
        return GenerationRequest(.chat(chat), options: options)
    }
}
