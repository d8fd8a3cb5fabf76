import Roost

/// An event of a response's stream.
struct ResponseEvent: Encodable, Sendable {
    enum Kind: Sendable {
        /// `response.created`, `.in_progress`, `.completed`, `.incomplete`, `.failed`.
        case response(String, ResponseObject)
        case itemAdded(ResponseItem)
        case itemDone(ResponseItem)
        case partAdded(ResponseItem.Part)
        case partDone(ResponseItem.Part)
        case textDelta(String, [TokenLogProbability])
        case textDone(String, [TokenLogProbability])
        case reasoningDelta(String)
        case reasoningDone(String)
        case argumentsDelta(String)
        case argumentsDone(name: String, arguments: String)
    }

    let kind: Kind
    let sequenceNumber: Int
    /// Which item of the output, and which part of it.
    var outputIndex = 0
    var itemID = ""

    /// Its name, as the `event:` line has it.
    var name: String {
        switch kind {
        case .response(let status, _): "response.\(status)"
        case .itemAdded: "response.output_item.added"
        case .itemDone: "response.output_item.done"
        case .partAdded: "response.content_part.added"
        case .partDone: "response.content_part.done"
        case .textDelta: "response.output_text.delta"
        case .textDone: "response.output_text.done"
        case .reasoningDelta: "response.reasoning_text.delta"
        case .reasoningDone: "response.reasoning_text.done"
        case .argumentsDelta: "response.function_call_arguments.delta"
        case .argumentsDone: "response.function_call_arguments.done"
        }
    }

    enum CodingKeys: String, CodingKey {
        case type, response, item, part, delta, text, name, arguments, logprobs
        case sequenceNumber = "sequence_number"
        case outputIndex = "output_index"
        case contentIndex = "content_index"
        case itemID = "item_id"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .type)
        try container.encode(sequenceNumber, forKey: .sequenceNumber)
        if case .response(_, let response) = kind { return try container.encode(response, forKey: .response) }
        try container.encode(outputIndex, forKey: .outputIndex)
        switch kind {
        case .itemAdded(let item), .itemDone(let item): return try container.encode(item, forKey: .item)
        default: try container.encode(itemID, forKey: .itemID)
        }
        switch kind {
        case .argumentsDelta(let delta): return try container.encode(delta, forKey: .delta)
        case .argumentsDone(let name, let arguments):
            try container.encode(name, forKey: .name)
            return try container.encode(arguments, forKey: .arguments)
        // Items have one part each.
        default: try container.encode(0, forKey: .contentIndex)
        }
        switch kind {
        case .partAdded(let part), .partDone(let part): try container.encode(part, forKey: .part)
        case .textDelta(let delta, let logProbabilities):
            try container.encode(delta, forKey: .delta)
            try container.encode(logProbabilities.map(WireLogProbability.init), forKey: .logprobs)
        case .textDone(let text, let logProbabilities):
            try container.encode(text, forKey: .text)
            try container.encode(logProbabilities.map(WireLogProbability.init), forKey: .logprobs)
        case .reasoningDelta(let delta): try container.encode(delta, forKey: .delta)
        case .reasoningDone(let text): try container.encode(text, forKey: .text)
        case .response, .itemAdded, .itemDone, .argumentsDelta, .argumentsDone: break
        }
    }
}
