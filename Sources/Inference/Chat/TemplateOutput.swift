/// What a template makes of a conversation: `roost_chat_apply`'s result.
struct TemplateOutput: Decodable, Sendable {
    struct Trigger: Decodable, Sendable {
        var type: String
        var value: String
    }

    struct Delimiter: Decodable, Sendable {
        var role: String
        var delimiter: String
    }

    /// How the answer is read: given to `roost_parser_create` as it is.
    struct Parser: Codable, Sendable {
        var format: Int
        var separatesReasoning: Bool
        var generationPrompt: String
        var continues: Bool
        var parsesToolCalls: Bool
        var parser: String

        enum CodingKeys: String, CodingKey {
            case format, continues, parser
            case separatesReasoning = "separate_reasoning"
            case generationPrompt = "generation_prompt"
            case parsesToolCalls = "parse_tool_calls"
        }
    }

    var prompt: String
    /// The end of the prompt that belongs to the answer.
    var generationPrompt: String
    /// What the answer must obey; empty when it may be anything.
    var grammar: String
    var isLazy: Bool
    var triggers: [Trigger]
    /// Special tokens that are text to the grammar and to the parser.
    var preservedTokens: [String]
    /// Strings that end an answer in this template.
    var stops: [String]
    var thinkingStart: String
    var thinkingEnds: [String]
    /// What messages begin with.
    var delimiters: [Delimiter]
    var parser: Parser

    enum CodingKeys: String, CodingKey {
        case prompt, grammar, triggers, stops, delimiters, parser
        case generationPrompt = "generation_prompt"
        case isLazy = "grammar_lazy"
        case preservedTokens = "preserved_tokens"
        case thinkingStart = "thinking_start"
        case thinkingEnds = "thinking_ends"
    }
}
