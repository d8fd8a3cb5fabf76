import Roost
import Synchronization

/// `context` of `/api/generate`: a conversation so far as tokens, which the client sends back to go on with it.
final class OllamaContext: Sendable {
    private let prompt: Mutex<[Int32]?>

    /// - Parameter prompt: the tokens that the model is given, when they are known.
    init(prompt: [Int32]? = nil) { self.prompt = Mutex(prompt) }

    /// The prompt and what the model answered; `nil` where the prompt's tokens are not known.
    func tokens(with result: GenerationResult) -> [Int32]? {
        prompt.withLock { $0.map { $0 + result.tokens } }
    }

    /// Finds out the tokens of what was asked, if they are not known. No answer fails for it.
    func learn(_ request: GenerationRequest, from model: any RunningModel) async {
        guard case .chat(let chat) = request.prompt, prompt.withLock({ $0 == nil }) else { return }
        guard let tokens = try? await Self.tokens(of: chat, by: model) else { return }
        prompt.withLock { $0 = tokens }
    }

    /// What the engine is given to go on with a conversation: its tokens so far, and those of what is said next.
    ///
    /// Throws `InferenceError`.
    static func prompt(after context: [Int32], saying chat: ChatRequest, to model: any RunningModel) async throws
        -> [Int32]
    {
        let next = try await tokens(of: chat, by: model)
        // What begins a text must not stand in its middle.
        let beginning = try await model.tokenize("", addSpecial: true, parseSpecial: false)
        let hasBeginning = !beginning.isEmpty && next.starts(with: beginning)
        return context + next.dropFirst(hasBeginning ? beginning.count : 0)
    }

    private static func tokens(of chat: ChatRequest, by model: any RunningModel) async throws -> [Int32] {
        guard model.info.hasChatTemplate else {
            return try await model.tokenize(chat.messages.plainText, addSpecial: true, parseSpecial: true)
        }
        return try await model.tokenize(try await model.prompt(for: chat), addSpecial: true, parseSpecial: true)
    }
}
