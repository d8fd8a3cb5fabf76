import Foundation

/// How a conversation is written for use elsewhere.
public enum ExportFormat: String, Sendable, Hashable, CaseIterable {
    /// For people.
    case markdown
    /// For ``ConversationDocument``: all of it.
    case json
}

extension ChatHistory {
    /// The text of a whole conversation, piece by piece, so that a long one with pictures is never in memory as a whole.
    ///
    /// The stream throws ``ChatHistoryError``.
    public func export(
        _ conversation: SavedConversation, as format: ExportFormat
    ) -> AsyncThrowingStream<String, any Error> {
        let state = ExportState(history: self, conversation: conversation, format: format)
        return AsyncThrowingStream { try await state.next() }
    }
}

/// Writes one piece after the other.
private actor ExportState {
    private let history: ChatHistory
    private let conversation: SavedConversation
    private let format: ExportFormat
    private var position = 0
    private var hasBegun = false
    private var hasEnded = false

    /// Bytes of messages that are read at once.
    private static let pieceByteCount = 1 << 20

    init(history: ChatHistory, conversation: SavedConversation, format: ExportFormat) {
        self.history = history
        self.conversation = conversation
        self.format = format
    }

    func next() async throws -> String? {
        guard !hasEnded else { return nil }
        guard hasBegun else {
            hasBegun = true
            return try format.opening(of: conversation)
        }
        // Messages that came after the export began belong to another state of the conversation.
        let limit = min(64, conversation.messageCount - position)
        let messages =
            limit > 0
            ? try await history.messages(
                of: conversation.id, from: position, limit: limit, byteLimit: Self.pieceByteCount)
            : []
        guard !messages.isEmpty else {
            hasEnded = true
            return format.closing
        }
        let first = position
        position += messages.count
        return try messages.enumerated().map { try format.text(of: $1, isFirst: first + $0 == 0) }.joined()
    }
}

extension ExportFormat {
    fileprivate func opening(of conversation: SavedConversation) throws -> String {
        switch self {
        case .markdown: return MarkdownTranscript.heading(of: conversation)
        case .json:
            let head = ConversationDocument.Head(document: ConversationDocument(conversation, messages: []))
            // The object is left open for the list of messages, its last field.
            return try Self.json(head).dropLast("\n}".count) + ",\n  \"messages\" : ["
        }
    }

    fileprivate func text(of message: SavedMessage, isFirst: Bool) throws -> String {
        switch self {
        case .markdown: return MarkdownTranscript.text(of: message)
        case .json: return (isFirst ? "\n" : ",\n") + (try Self.json(message)).indented(by: 4)
        }
    }

    fileprivate var closing: String {
        switch self {
        case .markdown: ""
        case .json: "\n  ]\n}\n"
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension String {
    /// JSON has no line breaks within strings, so that every line may be moved.
    fileprivate func indented(by count: Int) -> String {
        let space = String(repeating: " ", count: count)
        return split(separator: "\n", omittingEmptySubsequences: false).map { space + $0 }.joined(separator: "\n")
    }
}
