/// A conversation as the bridge wants it: `roost_chat_apply`'s request.
struct TemplateInput: Encodable {
    struct Message: Encodable {
        struct Part: Encodable {
            var type: String
            var text: String
        }

        struct Call: Encodable {
            struct Function: Encodable {
                var name: String
                var arguments: String
            }

            var type = "function"
            var id: String
            var function: Function
        }

        enum Content: Encodable {
            case none
            case text(String)
            case parts([Part])

            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                switch self {
                case .none: try container.encodeNil()
                case .text(let text): try container.encode(text)
                case .parts(let parts): try container.encode(parts)
                }
            }
        }

        var role: String
        var content: Content
        var reasoning: String?
        var calls: [Call]?
        var callID: String?
        var name: String?

        enum CodingKeys: String, CodingKey {
            case role, content, name
            case reasoning = "reasoning_content"
            case calls = "tool_calls"
            case callID = "tool_call_id"
        }

        init(_ message: ChatMessage, marker: String) {
            role = message.role.rawValue
            reasoning = message.reasoning
            callID = message.toolCallID
            name = message.name
            if !message.toolCalls.isEmpty {
                calls = message.toolCalls.map {
                    Call(id: $0.id, function: .init(name: $0.name, arguments: $0.arguments))
                }
            }
            let parts = message.parts.map { part in
                switch part {
                case .text(let text): Part(type: "text", text: text)
                case .image: Part(type: "media_marker", text: marker)
                }
            }
            content =
                switch parts.count {
                case 0: message.toolCalls.isEmpty ? .text("") : .none
                case 1 where parts[0].type == "text": .text(parts[0].text)
                default: .parts(parts)
                }
        }
    }

    struct Tool: Encodable {
        var name: String
        var description: String
        var parameters: String
    }

    var messages: [Message]
    var tools: [Tool]?
    var toolChoice: String?
    /// The one function that must be called.
    var function: String?
    var allowsParallelCalls: Bool
    var schema: String?
    var isThinking: Bool?
    var separatesReasoning: Bool
    var continues: Bool
    var arguments: [String: String]

    enum CodingKeys: String, CodingKey {
        case messages, tools, function
        case toolChoice = "tool_choice"
        case allowsParallelCalls = "parallel_tool_calls"
        case schema = "json_schema"
        case isThinking = "enable_thinking"
        case separatesReasoning = "separate_reasoning"
        case continues = "continue_final_message"
        case arguments = "template_arguments"
    }

    /// - Parameters:
    ///   - marker: stands where a message has a picture.
    ///   - schema: what the answer must validate against, if anything.
    init(_ chat: ChatRequest, marker: String, schema: String?) {
        messages = chat.messages.map { Message($0, marker: marker) }
        if !chat.tools.isEmpty {
            tools = chat.tools.map { Tool(name: $0.name, description: $0.description, parameters: $0.parameters) }
            switch chat.toolChoice {
            case .auto: toolChoice = "auto"
            case .none: toolChoice = "none"
            case .required: toolChoice = "required"
            case .function(let name): function = name
            }
        }
        allowsParallelCalls = chat.allowsParallelToolCalls
        self.schema = schema
        isThinking = chat.isThinking
        separatesReasoning = chat.separatesReasoning
        continues = chat.continuesLastMessage
        arguments = chat.templateArguments
    }
}
