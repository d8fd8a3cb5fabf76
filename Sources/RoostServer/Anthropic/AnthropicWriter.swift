import Roost

/// Makes the events of what a model generates: a value apart from any connection. Blocks are written one after the
/// other: what is thought, what is said, each call.
struct AnthropicWriter: Sendable {
    private enum Open: Equatable {
        case thinking, text
        case call(Int)
    }

    private var open: Open?
    private var blockCount = 0

    /// More of the answer.
    mutating func take(_ delta: GenerationDelta) -> [AnthropicEvent] {
        var events: [AnthropicEvent] = []
        if !delta.reasoning.isEmpty {
            events += begin(.thinking) { .thinking("") }
            events.append(.thinkingDelta(index: blockCount - 1, delta.reasoning))
        }
        if !delta.text.isEmpty {
            events += begin(.text) { .text("") }
            events.append(.textDelta(index: blockCount - 1, delta.text))
        }
        for call in delta.toolCalls {
            events += begin(.call(call.index)) {
                .toolUse(
                    id: call.id ?? WireIdentifier.make("toolu_"), name: call.name ?? "", input: .object([:]))
            }
            if !call.arguments.isEmpty { events.append(.inputDelta(index: blockCount - 1, call.arguments)) }
        }
        return events
    }

    /// The end.
    mutating func finish(_ result: GenerationResult, stops: Set<String>) -> [AnthropicEvent] {
        endBlock() + [
            .messageDelta(AnthropicMessage.Stop(result, stops: stops), AnthropicMessage.Usage(result)), .messageStop,
        ]
    }

    private mutating func begin(_ block: Open, _ content: () -> AnthropicMessage.Block) -> [AnthropicEvent] {
        if open == block { return [] }
        let events = endBlock()
        open = block
        blockCount += 1
        return events + [.blockStart(index: blockCount - 1, content())]
    }

    private mutating func endBlock() -> [AnthropicEvent] {
        guard open != nil else { return [] }
        open = nil
        return [.blockStop(index: blockCount - 1)]
    }
}
