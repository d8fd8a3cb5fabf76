import Roost

/// Items as the messages that chat templates know: what the model thought, said and called in one turn is one message.
struct ResponseConversation {
    private(set) var messages: [ChatMessage] = []
    /// The turn of the model that more may be added to.
    private var turn: ChatMessage?
    private var names: [String: String] = [:]

    /// The conversation of `items`, behind instructions.
    ///
    /// Throws `APIError.invalidRequest`.
    static func messages(of items: [ResponseItem], instructions: String?) throws -> [ChatMessage] {
        var conversation = ResponseConversation()
        if let instructions, !instructions.isEmpty { conversation.messages.append(.system(instructions)) }
        for item in items { try conversation.append(item) }
        conversation.endTurn()
        return conversation.messages
    }

    private mutating func append(_ item: ResponseItem) throws {
        switch item.content {
        case .message("assistant", let parts):
            if turn.map({ !$0.content.isEmpty || !$0.toolCalls.isEmpty }) ?? false { endTurn() }
            var message = turn ?? .assistant("")
            message.parts = try parts.map { try $0.chatPart(field: "input") }
            turn = message
        case .message(let role, let parts):
            endTurn()
            let parts = try parts.map { try $0.chatPart(field: "input") }
            if role == "user" {
                messages.append(ChatMessage(role: .user, parts: parts))
            } else {
                instruct(ChatMessage(role: .system, parts: parts))
            }
        case .reasoning(let text):
            if turn.map({ !$0.content.isEmpty || !$0.toolCalls.isEmpty }) ?? false { endTurn() }
            if text.isEmpty { break }
            var message = turn ?? .assistant("")
            message.reasoning = text
            turn = message
        case .functionCall(let callID, let name, let arguments):
            names[callID] = name
            var message = turn ?? .assistant("")
            message.toolCalls.append(ToolCall(id: callID, name: name, arguments: arguments))
            turn = message
        case .functionCallOutput(let callID, let output):
            endTurn()
            var message = ChatMessage(role: .tool, content: "")
            switch output {
            case .text(let text): message.content = text
            case .parts(let parts): message.parts = try parts.map { try $0.chatPart(field: "input") }
            }
            message.toolCallID = callID
            message.name = names[callID]
            messages.append(message)
        }
    }

    /// Many templates take one system message, at the beginning: what follows it at once is added to it.
    private mutating func instruct(_ message: ChatMessage) {
        guard messages.count == 1, messages[0].role == .system, !message.hasImages, !messages[0].hasImages else {
            messages.append(message)
            return
        }
        messages[0].content += "\n\n" + message.content
    }

    private mutating func endTurn() {
        if let turn { messages.append(turn) }
        turn = nil
    }
}
