import Synchronization

/// A model's chat templates, read when they are first needed.
final class TemplateCache: Sendable {
    private let model: ModelHandle
    private let name: String
    /// A template in the place of the model's.
    private let own: String?
    private let loaded = Mutex<Result<ChatTemplates?, InferenceError>?>(nil)

    init(model: ModelHandle, name: String, own: String? = nil) {
        self.model = model
        self.name = name
        self.own = own
    }

    /// Throws `InferenceError.noChatTemplate` or `.templateFailed`.
    func prompt(for messages: [ChatMessage]) throws -> ChatTemplates.Prompt {
        let templates = try loaded.withLock { loaded in
            let result = loaded ?? Self.load(model, own)
            loaded = result
            return try result.get()
        }
        guard let templates else { throw InferenceError.noChatTemplate(model: name) }
        return try templates.apply(messages)
    }

    private static func load(_ model: ModelHandle, _ own: String?) -> Result<ChatTemplates?, InferenceError> {
        do {
            return .success(try ChatTemplates(of: model, own: own))
        } catch {
            return .failure(error as? InferenceError ?? .templateFailed(reason: "\(error)"))
        }
    }
}
