import Logging
import Roost

/// Keeps one chat as it is generated: what was asked when the answer begins, the answer when it ends, also when it is
/// ended before it is whole.
actor GenerationRecording {
    private let wish: SavingWish
    private let history: ChatHistory
    private let model: String
    private var conversation: SavedConversation?
    private let new: [SavedMessage]
    private let logger: Logger
    private var hasBegun = false
    private var hasEnded = false
    private var partial = SavedMessage(role: .assistant, content: "")

    init(
        wish: SavingWish, history: ChatHistory, model: String, conversation: SavedConversation? = nil,
        new: [SavedMessage], logger: Logger
    ) {
        self.logger = logger
        self.wish = wish
        self.history = history
        self.model = model
        self.conversation = conversation
        self.new = new
    }

    /// Takes an event before the client gets it: what a client has seen the end of is kept.
    ///
    /// Throws `APIError` when what was asked cannot be kept; the request fails then, for it asked for that.
    func take(_ event: GenerationEvent) async throws {
        if !hasBegun { try await begin() }
        switch event {
        case .delta(let delta) where delta.choice == 0:
            partial.content += delta.text
            partial.reasoning = (partial.reasoning ?? "") + delta.reasoning
        case .finished(let result) where result.choice == 0:
            hasEnded = true
            try await add(SavedMessage(result, model: model))
        default: break
        }
    }

    /// The generation ended without a result: what came of the answer is kept, marked.
    func interrupt() async {
        guard hasBegun, !hasEnded else { return }
        hasEnded = true
        if partial.reasoning?.isEmpty == true { partial.reasoning = nil }
        guard !partial.content.isEmpty || partial.reasoning != nil else { return }
        partial.isInterrupted = true
        partial.model = model
        do {
            try await add(partial)
        } catch {
            // Nobody is there to be told any more.
            logger.error("A part of an answer was not kept", metadata: ["reason": "\(error)"])
        }
    }

    private func begin() async throws {
        hasBegun = true
        do {
            let kept: SavedConversation
            if let conversation {
                kept = try await history.append(
                    new, to: conversation.id, after: conversation.messageCount, model: model)
            } else {
                kept = try await history.create(model: model, messages: new)
            }
            conversation = kept
            wish.found(kept.id)
        } catch let error as ChatHistoryError {
            hasEnded = true
            throw APIError(error)
        }
    }

    private func add(_ message: SavedMessage) async throws {
        guard let kept = conversation else { return }
        do {
            conversation = try await history.append([message], to: kept.id, after: kept.messageCount)
        } catch let error as ChatHistoryError {
            throw APIError(error)
        }
    }
}
