import Roost

/// How a conversation is computed: what the flags of `roost run` and `/set` choose.
struct RunSettings: Sendable {
    var generation = GenerationOptions()
    var load = LoadOptions()
    /// `nil` is the configuration's.
    var keepAlive: KeepAlive?
    /// Instructions to the model, before the conversation.
    var system: String?
    /// The model's own, which goes where no others were given.
    private(set) var modelSystem: String?
    /// The prompt goes to the model as it is, without a chat template.
    var isRaw = false
    /// The parameters that were set by hand, in order.
    var changes: [Change] = []

    /// A parameter that was set.
    struct Change: Sendable, Hashable {
        let name: String
        let text: String
    }

    /// The same settings for a model: what was set by hand over what the model itself brings along.
    ///
    /// Throws `InferenceError.invalidOption` when the two do not go together.
    func over(_ preset: ModelPreset, base: LoadOptions) throws -> RunSettings {
        var settings = self
        settings.generation = preset.options
        settings.load = preset.loadOptions(base: base)
        settings.modelSystem = preset.system
        settings.changes = []
        for change in changes { try GenerationParameter.named(change.name).apply(change.text, to: &settings) }
        return settings
    }
}

/// What a model is asked.
enum RunInput: Sendable, Hashable {
    /// Messages, for the model's own chat template.
    case conversation([ChatMessage])
    /// Text to continue.
    case text(String)
}
