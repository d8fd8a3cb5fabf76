import Roost

/// An event of a message's stream.
enum AnthropicEvent: Encodable, Sendable {
    case messageStart(AnthropicMessage)
    case blockStart(index: Int, AnthropicMessage.Block)
    case thinkingDelta(index: Int, String)
    case textDelta(index: Int, String)
    case inputDelta(index: Int, String)
    case blockStop(index: Int)
    case messageDelta(AnthropicMessage.Stop, AnthropicMessage.Usage)
    case messageStop
    case ping

    /// Its name, as the `event:` line has it.
    var name: String {
        switch self {
        case .messageStart: "message_start"
        case .blockStart: "content_block_start"
        case .thinkingDelta, .textDelta, .inputDelta: "content_block_delta"
        case .blockStop: "content_block_stop"
        case .messageDelta: "message_delta"
        case .messageStop: "message_stop"
        case .ping: "ping"
        }
    }

    private struct Delta: Encodable {
        let type: String
        var text: String?
        var thinking: String?
        var input: String?

        enum CodingKeys: String, CodingKey {
            case type, text, thinking
            case input = "partial_json"
        }
    }

    enum CodingKeys: String, CodingKey {
        case type, message, index, delta, usage
        case block = "content_block"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .type)
        switch self {
        case .messageStart(let message): try container.encode(message, forKey: .message)
        case .blockStart(let index, let block):
            try container.encode(index, forKey: .index)
            try container.encode(block, forKey: .block)
        case .thinkingDelta(let index, let text):
            try container.encode(index, forKey: .index)
            try container.encode(Delta(type: "thinking_delta", thinking: text), forKey: .delta)
        case .textDelta(let index, let text):
            try container.encode(index, forKey: .index)
            try container.encode(Delta(type: "text_delta", text: text), forKey: .delta)
        case .inputDelta(let index, let json):
            try container.encode(index, forKey: .index)
            try container.encode(Delta(type: "input_json_delta", input: json), forKey: .delta)
        case .blockStop(let index): try container.encode(index, forKey: .index)
        case .messageDelta(let stop, let usage):
            try container.encode(stop, forKey: .delta)
            try container.encode(usage, forKey: .usage)
        case .messageStop, .ping: break
        }
    }
}
