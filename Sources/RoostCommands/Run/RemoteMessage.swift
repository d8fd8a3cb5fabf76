import Foundation
import Roost

/// A message as Ollama's API takes it. A kept conversation may have more in it than text.
struct RemoteMessage: Encodable, Sendable {
    let message: ChatMessage

    init(_ message: ChatMessage) { self.message = message }

    private enum CodingKeys: String, CodingKey {
        case role, content, thinking, images
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case toolName = "tool_name"
    }

    private struct Call: Encodable {
        struct Function: Encodable {
            let name: String
            /// JSON text; the server takes it as well as an object.
            let arguments: String
        }

        let id: String
        let function: Function
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(message.role.rawValue, forKey: .role)
        try container.encode(message.content, forKey: .content)
        try container.encodeIfPresent(message.reasoning, forKey: .thinking)
        let images = message.parts.compactMap { if case .image(let data) = $0 { data } else { nil } }
        if !images.isEmpty { try container.encode(images.map { $0.base64EncodedString() }, forKey: .images) }
        let calls = message.toolCalls.map {
            Call(id: $0.id, function: Call.Function(name: $0.name, arguments: $0.arguments))
        }
        if !calls.isEmpty { try container.encode(calls, forKey: .toolCalls) }
        try container.encodeIfPresent(message.toolCallID, forKey: .toolCallID)
        try container.encodeIfPresent(message.name, forKey: .toolName)
    }
}
