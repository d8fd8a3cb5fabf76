import Roost

/// How a conversation is computed: what the flags of `roost run` and `/set` choose.
struct RunSettings: Sendable {
    var generation = GenerationOptions()
    var load = LoadOptions()
    /// `nil` is the configuration's.
    var keepAlive: KeepAlive?
    /// Instructions to the model, before the conversation.
    var system: String?
    /// The prompt goes to the model as it is, without a chat template.
    var isRaw = false
}

/// What a model is asked.
enum RunInput: Sendable, Hashable {
    /// Messages, for the model's own chat template.
    case conversation([ChatMessage])
    /// Text to continue.
    case text(String)
}
