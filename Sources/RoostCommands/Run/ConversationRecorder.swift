import Roost

/// Keeps a conversation turn by turn, once it was asked to.
struct ConversationRecorder: Sendable {
    /// What keeping a turn did.
    enum Step: Sendable, Hashable {
        /// There was nothing new.
        case nothing
        /// A conversation is kept from now on.
        case began(SavedConversation)
        /// It is kept as far as here.
        case added
        /// Another process added to the kept conversation; what was said here is kept as one of its own.
        case branched(SavedConversation)

        /// What to tell the person.
        var message: String? {
            switch self {
            case .nothing, .added: nil
            case .began(let kept):
                "Kept as \(kept.shortID); “roost run --continue \(kept.shortID)” goes on with it."
            case .branched(let kept):
                "Another process added to the kept conversation; what was said here is kept as another one, "
                    + "\(kept.shortID)."
            }
        }
    }

    let history: ChatHistory
    /// The kept conversation; `nil` until something was said.
    private(set) var conversation: SavedConversation?
    private var title: String?

    /// Keeps a conversation that begins; `nil` as a title takes its first words.
    ///
    /// Throws `ChatHistoryError` for a title that cannot be.
    init(_ history: ChatHistory, title: String? = nil) throws {
        self.history = history
        try setTitle(title)
    }

    /// Goes on with a kept conversation.
    init(_ history: ChatHistory, continuing conversation: SavedConversation) {
        self.history = history
        self.conversation = conversation
    }

    /// What follows is another conversation.
    mutating func beginAnew() {
        conversation = nil
        title = nil
    }

    /// Gives what is kept a title.
    ///
    /// Throws `ChatHistoryError`.
    mutating func rename(to text: String) async throws {
        if let kept = conversation {
            conversation = try await history.rename(kept.id, to: text)
        } else {
            try setTitle(text)
        }
    }

    /// Keeps what of `log`, which is all of the conversation, is not kept yet.
    ///
    /// Throws `ChatHistoryError`; what is kept is then as before.
    mutating func keep(_ log: [SavedMessage], model: String) async throws -> Step {
        guard let kept = conversation else {
            guard !log.isEmpty else { return .nothing }
            return .began(try await create(log, model))
        }
        guard log.count > kept.messageCount else { return .nothing }
        do {
            conversation = try await history.append(
                Array(log[kept.messageCount...]), to: kept.id, after: kept.messageCount, model: model)
            return .added
        } catch ChatHistoryError.changed {
            title = kept.title
            return .branched(try await create(log, model))
        }
    }

    private mutating func create(_ log: [SavedMessage], _ model: String) async throws -> SavedConversation {
        let kept = try await history.create(title: title, model: model, messages: log)
        conversation = kept
        return kept
    }

    private mutating func setTitle(_ text: String?) throws {
        if let text { title = try SavedConversation.checkedTitle(text) }
    }
}
