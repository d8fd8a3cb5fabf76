import GRDB

/// What may be kept: rules of values, and the limits applied.
enum HistoryRules {
    /// Characters of a title that is made of a message's first words.
    private static let madeTitleLength = 60
    private static let modelNameLength = 500

    /// A title as it is kept: on one line. Throws `ChatHistoryError.invalidValue`.
    static func title(_ text: String) throws(ChatHistoryError) -> String {
        let title = onOneLine(text)
        guard !title.isEmpty else { throw .invalidValue(name: "The title", value: text, rule: "not empty") }
        guard title.count <= HistoryLimits.titleLength, title.utf8.count <= 4096 else {
            throw .invalidValue(
                name: "The title", value: String(title.prefix(40)) + "…",
                rule: "at most \(HistoryLimits.titleLength) characters")
        }
        return title
    }

    /// The first words of what was said first, by the person when there is something.
    static func title(of messages: [SavedMessage]) -> String {
        let first =
            messages.first { $0.role == .user && !$0.content.allSatisfy(\.isWhitespace) }
            ?? messages.first { !$0.content.allSatisfy(\.isWhitespace) }
        guard let first else { return "Conversation" }
        // Of a text of megabytes only the beginning is looked at.
        let words = onOneLine(String(first.content.drop(while: \.isWhitespace).prefix(4 * madeTitleLength)))
        guard words.count > madeTitleLength else { return words.isEmpty ? "Conversation" : words }
        let start = words.prefix(madeTitleLength)
        let end = start.lastIndex(of: " ") ?? start.endIndex
        return start[..<end] + "…"
    }

    /// Throws `ChatHistoryError.invalidValue`.
    static func check(limit: Int) throws(ChatHistoryError) {
        let range = HistoryLimits.pageLength
        guard range.contains(limit) else {
            throw .invalidValue(name: "limit", value: "\(limit)", rule: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// Throws `ChatHistoryError.invalidValue`.
    static func check(model: String) throws(ChatHistoryError) {
        guard model.utf8.count <= modelNameLength else {
            throw .invalidValue(
                name: "model", value: String(model.prefix(40)) + "…", rule: "at most \(modelNameLength) bytes")
        }
    }

    private static func onOneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })
        ).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension HistoryLimits {
    /// Throws `ChatHistoryError.tooLarge` for a message that is not kept.
    func check(_ messages: [SavedMessage]) throws(ChatHistoryError) {
        for (index, message) in messages.enumerated() {
            let place = "of message \(index + 1)"
            try Self.require(
                "The bytes of text \(place)", Int64(message.textByteCount), Int64(messageByteCount),
                "keep it as a file instead")
            try Self.require(
                "The pictures \(place)", Int64(message.images.count), Int64(imagesPerMessage), "give fewer")
            for image in message.images {
                try Self.require(
                    "The bytes of a picture \(place)", Int64(image.count), Int64(imageByteCount), "make it smaller")
            }
            if let model = message.model { try HistoryRules.check(model: model) }
        }
    }

    /// Throws `ChatHistoryError.tooLarge` for what a conversation, or a new one, has no room for.
    func check(adding count: Int, _ byteCount: Int64, to row: ConversationRow?) throws(ChatHistoryError) {
        let advice = "begin another conversation"
        try Self.require(
            "The messages of this conversation", Int64((row?.conversation.messageCount ?? 0) + count),
            Int64(messagesPerConversation), advice)
        try Self.require(
            "The bytes of this conversation", (row?.byteCount ?? 0) + byteCount, conversationByteCount, advice)
    }

    /// Throws `ChatHistoryError.tooLarge` when an owner other than the person has no room for more.
    func check(adding byteCount: Int64, of owner: String, isNew: Bool, in db: Database) throws {
        guard !owner.isEmpty else { return }
        let row = try Row.fetchOne(
            db, sql: "SELECT count(*) AS n, coalesce(sum(byteCount), 0) AS bytes FROM conversation WHERE owner = ?",
            arguments: [owner])
        let advice = "delete some"
        try Self.require("The bytes of your conversations", (row?["bytes"] ?? 0) + byteCount, ownerByteCount, advice)
        try Self.require(
            "Your conversations", (row?["n"] ?? 0) + (isNew ? 1 : 0), Int64(conversationsPerOwner), advice)
    }

    private static func require(
        _ what: String, _ amount: Int64, _ limit: Int64, _ advice: String
    ) throws(ChatHistoryError) {
        guard amount <= limit else { throw .tooLarge(what: what, amount: amount, limit: limit, advice: advice) }
    }
}

extension SavedConversation {
    /// A title as it would be kept: on one line.
    ///
    /// - Throws: ``ChatHistoryError/invalidValue(name:value:rule:)``.
    public static func checkedTitle(_ text: String) throws(ChatHistoryError) -> String {
        try HistoryRules.title(text)
    }
}
