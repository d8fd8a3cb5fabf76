import Foundation
import HTTPTypes
import Hummingbird
import Roost
import Synchronization

/// Keeps a chat that comes in over any dialect, when its request asks for it: `X-Roost-Save: new`, or the id of a kept
/// conversation that the request's messages go on with. The answer tells the id in `X-Roost-Conversation`.
struct ConversationSaver: RouterMiddleware {
    typealias Context = RoostRequestContext

    func handle(
        _ request: Request, context: RoostRequestContext,
        next: (Request, RoostRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let value = request.headers[.roostSave] else { return try await next(request, context) }
        let wish = SavingWish(value)
        var context = context
        context.saving = wish
        var response = try await next(request, context)
        if let id = wish.conversation { response.headers[.roostConversation] = id }
        return response
    }
}

extension HTTPField.Name {
    /// Asks to keep a chat: `new`, or a conversation's id.
    static let roostSave = Self("X-Roost-Save") ?? .server
    /// The conversation in which a chat was kept.
    static let roostConversation = Self("X-Roost-Conversation") ?? .server
}

/// What a request asked to have kept, and where it is.
final class SavingWish: Sendable {
    private let value: String
    private let stored = Mutex<String?>(nil)

    init(_ value: String) { self.value = value.trimmingCharacters(in: .whitespaces).lowercased() }

    /// The conversation in which the chat is kept, once it is.
    var conversation: String? { stored.withLock { $0 } }

    /// What keeps the chat of a job. Nothing is written yet.
    ///
    /// Throws `APIError` when it cannot be kept as it was asked.
    func recording(
        of job: GenerationJob, for context: RoostRequestContext, in manager: ModelManager
    ) async throws -> GenerationRecording {
        let name = HTTPField.Name.roostSave.rawName
        guard case .chat(let chat) = job.request.prompt else {
            throw APIError.invalidRequest("\(name) keeps chats; this endpoint has none.", parameter: name)
        }
        // What was left out to make the rest fit was said all the same.
        let messages = (job.asked ?? chat.messages).map { SavedMessage($0) }
        do {
            let history = try await manager.history.owned(by: context.caller.name)
            guard value != "new" else {
                return GenerationRecording(
                    wish: self, history: history, model: job.model, new: messages, logger: context.logger)
            }
            let kept = try await history.conversation(value)
            let known = try await history.messages(of: kept.id)
            guard known.count <= messages.count, zip(known, messages).allSatisfy({ $0.saysTheSame(as: $1.asKept) })
            else {
                throw APIError.conflict(
                    "The messages of this request do not go on with the conversation “\(kept.id)”, which has "
                        + "\(known.count): send all of them and what follows, or keep it as a new one "
                        + "(\(name): new).")
            }
            return GenerationRecording(
                wish: self, history: history, model: job.model, conversation: kept,
                new: Array(messages[known.count...]), logger: context.logger)
        } catch let error as ChatHistoryError {
            if case .notFound = error {
                throw APIError.invalidRequest(
                    "\(name) is “\(value.prefix(80))”, but must be new or the id of a conversation that you kept.",
                    parameter: name)
            }
            throw APIError(error)
        }
    }

    func found(_ id: String) { stored.withLock { $0 = id } }
}

extension SavedMessage {
    /// Whether a client that sends what was said again means this message. What it does not send back (times, thoughts,
    /// models) does not count, nor does white space around the text.
    fileprivate func saysTheSame(as other: SavedMessage) -> Bool {
        let text = { (message: SavedMessage) in message.content.trimmingCharacters(in: .whitespacesAndNewlines) }
        return role == other.role && text(self) == text(other) && images == other.images
            && toolCalls.map(\.name) == other.toolCalls.map(\.name)
    }
}
