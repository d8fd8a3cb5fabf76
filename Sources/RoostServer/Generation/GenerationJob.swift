import Roost

/// A request to generate, whichever dialect it came in.
struct GenerationJob: Sendable {
    /// The model by the name that the client used.
    var model: String
    /// What is asked of it.
    var request: GenerationRequest
    /// Says so when a conversation is continued as plain text, for the model has no chat template.
    var warnsOfPlainText = true
    /// How to load it; `nil` takes it as it is loaded, or the server's defaults.
    var load: LoadOptions?
    /// How long it stays loaded afterwards; `nil` is the server's default.
    var keepAlive: KeepAlive?
    /// The parameters that the request itself set, by Ollama's names: the model's own do not apply to those. `nil` takes
    /// for set what differs from the engine's defaults.
    var given: Set<String>?
    /// Done before an end is told, while the model is at hand; with the request as the model was given it.
    var beforeEnd: (@Sendable (any RunningModel, GenerationRequest) async -> Void)?
    /// Keeps the chat as it is generated, when the request asked for that.
    var recording: GenerationRecording?
    /// The conversation as the client sent it, where a part of it was left out to make the rest fit.
    var asked: [ChatMessage]?
    /// What the request asked for and does not get.
    var warnings: [String] = []

    /// Whether a picture is among what the model is given.
    var hasImages: Bool {
        guard case .chat(let chat) = request.prompt else { return false }
        return chat.messages.contains { $0.hasImages }
    }

    /// Puts what the model brings along where the request says nothing.
    mutating func apply(_ preset: ModelPreset) {
        if case .chat(var chat) = request.prompt {
            preset.apply(to: &chat)
            request.prompt = .chat(chat)
        }
        let defaults = GenerationOptions()
        preset.apply(
            to: &request.options, except: given ?? ModelParameters.names(in: request.options, otherThanIn: defaults))
    }

    /// The stream of `model` for this job, and what to tell the client about it. Throws `APIError`.
    func stream(on model: any RunningModel) throws -> (events: GenerationStream, warning: String?) {
        guard case .chat(let chat) = request.prompt, !model.info.hasChatTemplate else {
            return (model.generate(request), nil)
        }
        guard chat.tools.isEmpty else {
            throw APIError.invalidRequest("\(self.model) does not support tools", parameter: "tools")
        }
        var plain = request
        plain.prompt = .text(chat.messages.plainText, addSpecial: true)
        let warning =
            "This model has no chat template, which says it is a base model: the messages were joined and continued "
            + "as plain text."
        return (model.generate(plain), warnsOfPlainText ? warning : nil)
    }
}

/// One choice of a whole answer.
struct CollectedAnswer: Sendable {
    var result: GenerationResult
    /// Of all its tokens, when they were asked for.
    var logProbabilities: [TokenLogProbability] = []
}
