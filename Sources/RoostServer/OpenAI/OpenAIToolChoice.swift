import Roost

/// `tool_choice`: a word, the function that must be called, or the functions that may be. Chat completions name a
/// function inside `function`, responses beside `type`; either is taken.
enum OpenAIToolChoice: Decodable, Sendable {
    case word(String)
    case function(String)
    case allowed(mode: String, names: [String])

    private struct Function: Decodable {
        var name: String
    }

    private struct Object: Decodable {
        struct Tool: Decodable {
            var name: String?
            var function: Function?
        }

        struct Allowed: Decodable {
            var mode: String?
            var tools: [Tool]?
        }

        var type: String?
        var name: String?
        var function: Function?
        var mode: String?
        var tools: [Tool]?
        var allowed: Allowed?

        enum CodingKeys: String, CodingKey {
            case type, name, function, mode, tools
            case allowed = "allowed_tools"
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let word = try? container.decode(String.self) {
            self = .word(word)
            return
        }
        let object = try container.decode(Object.self)
        switch object.type {
        case nil, "function":
            guard let name = object.function?.name ?? object.name else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "it must be a word, or name a function")
            }
            self = .function(name)
        case "allowed_tools":
            let tools = object.allowed?.tools ?? object.tools ?? []
            self = .allowed(
                mode: object.allowed?.mode ?? object.mode ?? "auto",
                names: tools.compactMap { $0.function?.name ?? $0.name })
        case .some(let type):
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "“\(type.prefix(40))” is not supported, only function and allowed_tools are")
        }
    }

    /// Has the model choose among the tools of `chat` as this says. Throws `APIError.invalidRequest`.
    func apply(to chat: inout ChatRequest) throws {
        switch self {
        case .word(let word): chat.toolChoice = try Self.choice(word, among: chat.tools)
        case .function(let name):
            try Self.require(name, among: chat.tools)
            chat.toolChoice = .function(name)
        case .allowed(let mode, let names):
            for name in names { try Self.require(name, among: chat.tools) }
            chat.tools.removeAll { !names.contains($0.name) }
            chat.toolChoice = try Self.choice(mode, among: chat.tools)
        }
    }

    private static func choice(_ word: String, among tools: [ToolDefinition]) throws -> ChatRequest.ToolChoice {
        switch word {
        case "auto": return .auto
        case "none": return .none
        case "required":
            guard !tools.isEmpty else {
                throw APIError.invalidRequest(
                    "tool_choice is required, but there are no tools.", parameter: "tool_choice")
            }
            return .required
        default:
            throw APIError.invalidRequest(
                "tool_choice is “\(word.prefix(40))”, but must be none, auto, required or a function.",
                parameter: "tool_choice")
        }
    }

    private static func require(_ name: String, among tools: [ToolDefinition]) throws {
        guard tools.contains(where: { $0.name == name }) else {
            throw APIError.invalidRequest(
                "tool_choice names “\(name.prefix(128))”, which is not among the tools.", parameter: "tool_choice")
        }
    }
}
