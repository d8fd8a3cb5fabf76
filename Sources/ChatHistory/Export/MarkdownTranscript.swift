import Foundation

/// A conversation for people to read.
enum MarkdownTranscript {
    static func heading(of conversation: SavedConversation) -> String {
        let day = conversation.updatedAt.formatted(.iso8601.year().month().day())
        let model = conversation.model.isEmpty ? "" : ", \(escaped(conversation.model))"
        return "# \(escaped(conversation.title))\n\n\(day)\(model)\n"
    }

    static func text(of message: SavedMessage) -> String {
        var parts = ["## \(title(of: message))"]
        if let reasoning = message.reasoning, !reasoning.isEmpty { parts.append(quoted(reasoning)) }
        if !message.content.isEmpty {
            // What a model says is Markdown mostly; results of functions are shown as they are.
            parts.append(message.role == .tool ? fenced(message.content) : message.content)
        }
        for call in message.toolCalls { parts.append("Calls `\(call.name)`:\n\n" + fenced(call.arguments)) }
        if !message.images.isEmpty {
            parts.append("*(\(message.images.count) picture\(message.images.count == 1 ? "" : "s"))*")
        }
        if message.isInterrupted { parts.append("*(interrupted)*") }
        return "\n" + parts.joined(separator: "\n\n") + "\n"
    }

    private static func title(of message: SavedMessage) -> String {
        switch message.role {
        case .system: "Instructions"
        case .user: "You"
        case .assistant: message.model.map { escaped($0) } ?? "Assistant"
        case .tool: message.name.map { "Result of \(escaped($0))" } ?? "Result"
        }
    }

    private static func quoted(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "> \($0)" }.joined(separator: "\n")
    }

    /// A fence of backquotes longer than any in the text.
    private static func fenced(_ text: String) -> String {
        let longest = text.split { $0 != "`" }.map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return "\(fence)\n\(text)\n\(fence)"
    }

    /// Text in a heading: what would be markup there is not.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if "\\`*_[]<>#|".contains(character) { result.append("\\") }
            result.append(character)
        }
    }
}
