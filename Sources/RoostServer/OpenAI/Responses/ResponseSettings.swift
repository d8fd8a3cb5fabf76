/// What a response repeats of its request, as it was sent, with OpenAI's defaults for what was not.
struct ResponseSettings: Codable, Sendable {
    var instructions: String?
    var maxOutputTokens: Int?
    var maxToolCalls: Int?
    var metadata: [String: String]?
    var parallelToolCalls: Bool?
    var previousResponseID: String?
    var promptCacheKey: String?
    var reasoning: JSONValue?
    var safetyIdentifier: String?
    var store: Bool?
    var temperature: Double?
    var text: JSONValue?
    var toolChoice: JSONValue?
    var tools: [JSONValue]?
    var topLogprobs: Int?
    var topP: Double?
    var truncation: String?
    var user: String?

    enum CodingKeys: String, CodingKey {
        case instructions, metadata, reasoning, store, temperature, text, tools, truncation, user
        case maxOutputTokens = "max_output_tokens"
        case maxToolCalls = "max_tool_calls"
        case parallelToolCalls = "parallel_tool_calls"
        case previousResponseID = "previous_response_id"
        case promptCacheKey = "prompt_cache_key"
        case safetyIdentifier = "safety_identifier"
        case toolChoice = "tool_choice"
        case topLogprobs = "top_logprobs"
        case topP = "top_p"
    }

    /// Most fields of `metadata`, and most characters of a name and of a value, as OpenAI has it.
    static let metadataLimits = (count: 16, name: 64, value: 512)

    /// Throws `APIError.invalidRequest` that names the field.
    func check() throws {
        let limits = Self.metadataLimits
        guard let metadata else { return }
        guard metadata.count <= limits.count else {
            throw APIError.invalidRequest(
                "metadata has \(metadata.count) fields, but must have at most \(limits.count).", parameter: "metadata")
        }
        for (name, value) in metadata where name.count > limits.name || value.count > limits.value {
            throw APIError.invalidRequest(
                "metadata.\(name.prefix(limits.name)) is too long: names have at most \(limits.name) characters, "
                    + "values \(limits.value).", parameter: "metadata")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Nullable(instructions), forKey: .instructions)
        try container.encode(Nullable(maxOutputTokens), forKey: .maxOutputTokens)
        try container.encode(Nullable(maxToolCalls), forKey: .maxToolCalls)
        try container.encode(metadata ?? [:], forKey: .metadata)
        try container.encode(parallelToolCalls ?? true, forKey: .parallelToolCalls)
        try container.encode(Nullable(previousResponseID), forKey: .previousResponseID)
        try container.encodeIfPresent(promptCacheKey, forKey: .promptCacheKey)
        try container.encode(
            reasoning ?? .object(["effort": .null, "summary": .null]), forKey: .reasoning)
        try container.encodeIfPresent(safetyIdentifier, forKey: .safetyIdentifier)
        try container.encode(store ?? true, forKey: .store)
        try container.encode(temperature ?? 1, forKey: .temperature)
        try container.encode(textWithFormat, forKey: .text)
        try container.encode(toolChoice ?? .string("auto"), forKey: .toolChoice)
        try container.encode(tools ?? [], forKey: .tools)
        try container.encode(topLogprobs ?? 0, forKey: .topLogprobs)
        try container.encode(topP ?? 1, forKey: .topP)
        try container.encode(truncation ?? "disabled", forKey: .truncation)
        try container.encode(Nullable(user), forKey: .user)
    }

    private var textWithFormat: JSONValue {
        var fields: [String: JSONValue] = [:]
        if case .object(let given) = text { fields = given }
        if fields["format"] == nil { fields["format"] = .object(["type": .string("text")]) }
        return .object(fields)
    }
}
