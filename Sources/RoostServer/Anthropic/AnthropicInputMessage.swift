import Foundation
import Roost

/// A message of a conversation in Anthropic's form.
struct AnthropicInputMessage: Decodable, Sendable {
    var role: String
    var content: TextOrParts<Block>

    struct Block: Decodable, Sendable {
        struct Source: Decodable, Sendable {
            var type: String
            var data: String?
        }

        var type: String
        var text: String?
        var source: Source?
        var id: String?
        var name: String?
        var input: JSONText?
        var toolUseID: String?
        var content: ContentBox?
        var isError: Bool?
        var thinking: String?

        enum CodingKeys: String, CodingKey {
            case type, text, source, id, name, input, content, thinking
            case toolUseID = "tool_use_id"
            case isError = "is_error"
        }
    }

    /// What a tool returned, which holds blocks in its turn.
    final class ContentBox: Decodable, Sendable {
        let content: TextOrParts<Block>

        init(from decoder: any Decoder) throws { content = try TextOrParts(from: decoder) }
    }

    /// The messages that chat templates know: each result of a tool is one by itself.
    ///
    /// Throws `APIError.invalidRequest` that names the field.
    func chatMessages(index: Int) throws -> [ChatMessage] {
        let field = "messages[\(index)]"
        switch role {
        case "user": return try userMessages(field: field)
        case "assistant": return [try assistantMessage(field: field)]
        case "system": return [.system(try content.text(field: "\(field).content"))]
        default:
            throw APIError.invalidRequest(
                "\(field).role is “\(role.prefix(40))”, but must be user or assistant.", parameter: "\(field).role")
        }
    }

    private func userMessages(field: String) throws -> [ChatMessage] {
        guard case .parts(let blocks) = content else { return [.user(try content.text(field: field))] }
        var messages: [ChatMessage] = []
        var parts: [ChatMessage.Part] = []
        func endParts() {
            if !parts.isEmpty { messages.append(ChatMessage(role: .user, parts: parts)) }
            parts = []
        }
        for (number, block) in blocks.enumerated() {
            let field = "\(field).content[\(number)]"
            if block.type == "tool_result" {
                endParts()
                messages.append(try block.toolMessage(field: field))
            } else {
                try block.add(to: &parts, field: field, known: "text, image or tool_result")
            }
        }
        endParts()
        return messages.isEmpty ? [.user("")] : messages
    }

    private func assistantMessage(field: String) throws -> ChatMessage {
        guard case .parts(let blocks) = content else { return .assistant(try content.text(field: field)) }
        var message = ChatMessage.assistant("")
        var texts: [String] = []
        for (number, block) in blocks.enumerated() {
            let field = "\(field).content[\(number)]"
            switch block.type {
            case "text": texts.append(try block.required(block.text, "\(field).text"))
            case "thinking": message.reasoning = (message.reasoning ?? "") + (block.thinking ?? "")
            // Nobody here can read it.
            case "redacted_thinking": break
            case "tool_use":
                if let input = block.input, !input.isNull, !input.isObject {
                    throw APIError.invalidRequest("\(field).input must be an object.", parameter: "\(field).input")
                }
                let input = block.input.flatMap { $0.isNull ? nil : $0.text } ?? "{}"
                message.toolCalls.append(
                    ToolCall(
                        id: try block.required(block.id, "\(field).id"),
                        name: try block.required(block.name, "\(field).name"), arguments: input))
            default: throw block.unknown(field: field, known: "text, thinking, redacted_thinking or tool_use")
            }
        }
        message.content = texts.joined(separator: "\n")
        return message
    }
}

extension TextOrParts<AnthropicInputMessage.Block> {
    /// The text of a message or a system prompt. Throws `APIError.invalidRequest` that names the field.
    func text(field: String) throws -> String {
        switch self {
        case .text(let text): return text
        case .parts(let blocks):
            return try blocks.enumerated().map { number, block in
                let field = "\(field)[\(number)]"
                guard block.type == "text" else { throw block.unknown(field: field, known: "text") }
                return try block.required(block.text, "\(field).text")
            }.joined(separator: "\n")
        }
    }
}

extension AnthropicInputMessage.Block {
    func required(_ value: String?, _ field: String) throws -> String {
        guard let value else { throw APIError.invalidRequest("\(field): Field required", parameter: field) }
        return value
    }

    func unknown(field: String, known: String) -> APIError {
        .invalidRequest(
            "\(field).type is “\(type.prefix(40))”, but must be \(known).", parameter: "\(field).type")
    }

    /// Adds a text or a picture.
    fileprivate func add(to parts: inout [ChatMessage.Part], field: String, known: String) throws {
        switch type {
        case "text":
            parts.append(text: try required(text, "\(field).text"))
        case "image":
            guard let source else { throw APIError.invalidRequest("\(field).source: Field required") }
            guard source.type == "base64" else {
                throw APIError.invalidRequest(
                    "\(field).source.type is “\(source.type.prefix(40))”, but must be base64: pictures are not "
                        + "fetched.", parameter: "\(field).source.type")
            }
            let data = try required(source.data, "\(field).source.data")
            parts.append(.image(try WireImage.data(base64: data, field: "\(field).source.data")))
        default: throw unknown(field: field, known: known)
        }
    }

    /// What a tool returned. Templates know no errors: the model reads that it is one.
    fileprivate func toolMessage(field: String) throws -> ChatMessage {
        var parts: [ChatMessage.Part] = []
        switch content?.content {
        case nil: break
        case .text(let text): parts = [.text(text)]
        case .parts(let blocks):
            for (number, block) in blocks.enumerated() {
                try block.add(to: &parts, field: "\(field).content[\(number)]", known: "text or image")
            }
        }
        if isError ?? false {
            if case .text(let text)? = parts.first {
                parts[0] = .text("Error: " + text)
            } else {
                parts.insert(.text("Error"), at: 0)
            }
        }
        var message = ChatMessage(role: .tool, parts: parts.isEmpty ? [.text("")] : parts)
        message.toolCallID = try required(toolUseID, "\(field).tool_use_id")
        return message
    }
}
