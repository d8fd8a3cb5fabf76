import Roost

/// A request to generate, whichever dialect it came in.
struct GenerationJob: Sendable {
    /// What the model is given.
    enum Input: Sendable {
        /// The text as it is.
        case text(String)
        /// One turn, in the model's chat template when it has one.
        case prompt(String, system: String?)
        /// A conversation, in the model's chat template when it has one.
        case messages([ChatMessage])
        /// Token ids as they are.
        case tokens([Int32])
    }

    /// The model by the name that the client used.
    var model: String
    var input: Input
    var options: GenerationOptions
    /// How to load it; `nil` takes it as it is loaded, or the server's defaults.
    var load: LoadOptions?
    /// How long it stays loaded afterwards; `nil` is the server's default.
    var keepAlive: KeepAlive?
    /// What the request asked for and does not get.
    var warnings: [String] = []

    /// The stream of `model` for this job, and what to tell the client about it.
    func stream(on model: any RunningModel) -> (
        events: AsyncThrowingStream<GenerationEvent, any Error>, warning: String?
    ) {
        switch input {
        case .text(let text):
            return (model.generate(text, options: options), nil)
        case .tokens(let tokens):
            return (model.generate(tokens: tokens, options: options), nil)
        case .prompt(let prompt, let system):
            let messages = (system.map { [ChatMessage.system($0)] } ?? []) + [.user(prompt)]
            guard model.info.hasChatTemplate else { return (model.generate(messages.plainText, options: options), nil) }
            return (model.chat(messages, options: options), nil)
        case .messages(let messages):
            guard model.info.hasChatTemplate else {
                let warning =
                    "This model has no chat template, which says it is a base model: the messages were joined and "
                    + "continued as plain text."
                return (model.generate(messages.plainText, options: options), warning)
            }
            return (model.chat(messages, options: options), nil)
        }
    }
}
