import Foundation
import Roost

/// A message of a conversation, in OpenAI's form.
struct OpenAIMessage: Decodable, Sendable {
    var role: String
    var content: TextOrParts<Part>?
    var name: String?
    var toolCalls: [WireToolCall]?
    var toolCallID: String?
    var reasoning: String?
    var functionCall: JSONValue?

    struct Part: Decodable, Sendable {
        var type: String
        var text: String?
        var refusal: String?
        var imageURL: ImageURL?

        enum CodingKeys: String, CodingKey {
            case type, text, refusal
            case imageURL = "image_url"
        }
    }

    /// `{"url": …}`, or the address alone, as some clients send it.
    struct ImageURL: Decodable, Sendable {
        var url: String

        enum CodingKeys: CodingKey { case url }

        init(from decoder: any Decoder) throws {
            if let url = try? decoder.singleValueContainer().decode(String.self) {
                self.url = url
            } else {
                url = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .url)
            }
        }
    }

    enum CodingKeys: String, CodingKey {
        case role, content, name
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case reasoning = "reasoning_content"
        case functionCall = "function_call"
    }

    /// The message. Throws `APIError.invalidRequest` that names the field.
    func chatMessage(index: Int) throws -> ChatMessage {
        let name = role == "developer" ? "system" : role
        if name == "function" {
            throw APIError.invalidRequest(
                "messages[\(index)].role is “function”, which is not supported: send the result as role tool, with "
                    + "tool_call_id.", parameter: "messages[\(index)].role")
        }
        try OpenAIFields.refuse(
            functionCall, "messages[\(index)].function_call",
            "messages[\(index)].function_call is not supported: send tool_calls.")
        guard let role = ChatMessage.Role(rawValue: name) else {
            throw APIError.invalidRequest(
                "messages[\(index)].role is “\(self.role.prefix(40))”, but must be system, developer, user, "
                    + "assistant or tool.", parameter: "messages[\(index)].role")
        }
        var message = ChatMessage(role: role, parts: try parts(index: index))
        message.name = self.name
        message.reasoning = reasoning
        if let toolCalls, !toolCalls.isEmpty {
            guard role == .assistant else {
                throw APIError.invalidRequest(
                    "messages[\(index)].tool_calls belong to messages of the assistant.",
                    parameter: "messages[\(index)].tool_calls")
            }
            message.toolCalls = toolCalls.enumerated().map { $1.call(index: $0) }
        }
        if role == .tool { message.toolCallID = toolCallID }
        return message
    }

    private func parts(index: Int) throws -> [ChatMessage.Part] {
        switch content {
        case nil: return [.text("")]
        case .text(let text): return [.text(text)]
        case .parts(let parts):
            var result: [ChatMessage.Part] = []
            for (number, part) in parts.enumerated() {
                let field = "messages[\(index)].content[\(number)]"
                switch part.type {
                case "text", "refusal":
                    guard let text = part.type == "text" ? part.text : part.refusal else {
                        throw APIError.invalidRequest(
                            "\(field).\(part.type) is required.", parameter: "\(field).\(part.type)")
                    }
                    result.append(text: text)
                case "image_url":
                    guard let image = part.imageURL else {
                        throw APIError.invalidRequest(
                            "\(field).image_url is required.", parameter: "\(field).image_url")
                    }
                    result.append(.image(try WireImage.data(url: image.url, field: "\(field).image_url.url")))
                default:
                    throw APIError.invalidRequest(
                        "\(field).type is “\(part.type.prefix(40))”, but must be text or image_url.",
                        parameter: "\(field).type")
                }
            }
            return result
        }
    }
}
