import Foundation
import Roost
import Terminal

/// A kept conversation that a session goes on with.
struct KeptConversation: Sendable {
    let history: ChatHistory
    let conversation: SavedConversation
    let messages: [SavedMessage]

    /// Finds what a person names; see ``ChatHistory/conversation(matching:)``.
    ///
    /// Throws `RunError.noConversation`, `ChatHistoryError`.
    init(matching text: String, in history: ChatHistory) async throws {
        self.history = history
        do {
            conversation = try await history.conversation(matching: text)
        } catch ChatHistoryError.notFound {
            throw RunError.noConversation(text)
        }
        messages = try await history.messages(of: conversation.id)
    }

    /// Whether a text can name a conversation, and no model has it for its name.
    static func isNamed(by text: String, models: ModelManager) async -> Bool {
        guard ChatHistory.canName(text) else { return false }
        return (try? await models.servedModel(named: text)) == nil
    }

    /// The model that it was held with last. It is not pulled for that: whoever gave a person an exported conversation
    /// does not choose what is downloaded.
    ///
    /// Throws `RunError.conversationModelMissing`, and what `choice` throws.
    func model(from choice: ModelChoice) async throws -> RunModel {
        guard !conversation.model.isEmpty else { return try await choice.model(for: nil) }
        do {
            if let offer = try await choice.manager.offeredModel(named: conversation.model) { return .remote(offer) }
            return .stored(try await choice.manager.model(named: conversation.model))
        } catch is ModelStoreError {
            throw RunError.conversationModelMissing(model: conversation.model, id: conversation.shortID)
        }
    }

    /// Says which one it is, with what was said last in it.
    func show(on console: Console) {
        let count = messages.count
        let when = HumanReadable.relative(conversation.updatedAt, to: Date())
        console.print(
            console.styled(
                "“\(conversation.title.printable)”, \(count) message\(count == 1 ? "" : "s"), \(when)", .dim))
        let last = messages.lastIndex { $0.role == .user } ?? messages.endIndex
        for message in messages[last...] where !message.content.isEmpty {
            let text = message.content.withoutTerminalControls
            console.print(message.role == .user ? console.styled(">>> ", .bold) + text : text)
        }
        console.print()
    }
}
