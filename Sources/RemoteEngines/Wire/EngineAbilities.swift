/// What the API of a kind of engine knows beside OpenAI's own fields. What it does not know is left out: some refuse a
/// request for one unknown field.
struct EngineAbilities: Sendable, Hashable {
    /// llama.cpp's samplers by its own names, grammars, `cache_prompt`.
    var hasLlamaOptions = false
    /// `top_k`, `min_p` and a penalty of repetition.
    var hasTopK = false
    /// What the penalty of repetition is called.
    var repeatPenaltyName = "repeat_penalty"
    /// `chat_template_kwargs`.
    var hasTemplateArguments = false
    /// `reasoning_effort: "none"` turns thinking off.
    var hasReasoningEffort = false
    /// What the model thought in earlier messages is taken back.
    var takesReasoning = false
    /// Several answers to one prompt (`n`).
    var hasChoices = true
    /// Prompts of token ids.
    var takesTokens = true
    /// `suffix` of a completion.
    var hasSuffix = false
    /// `/infill`, as llama-server has it.
    var hasInfill = false
    /// Reports on how far the prompt is (`return_progress`).
    var hasProgress = false
    /// `/tokenize`, `/detokenize`: whose form they have.
    var tokens: TokenForm?
    /// `/apply-template`.
    var hasApplyTemplate = false
    /// `/v1/rerank`.
    var hasRerank = true
    /// `cache_salt`: what callers computed is kept apart.
    var hasCacheSalt = false
    /// Goes on with the last message of the assistant.
    var continuation: Continuation?

    /// Whose form of `/tokenize` an engine has.
    enum TokenForm: Sendable, Hashable { case llamaServer, vllm }

    /// How an engine is asked to go on with a message.
    enum Continuation: Sendable, Hashable {
        /// It does so by itself when the last message is the assistant's.
        case implied
        /// `continue_final_message`.
        case flagged
    }

    init(_ kind: EngineKind) {
        switch kind {
        case .openAI: hasSuffix = true
        case .ollama:
            (hasReasoningEffort, hasChoices, takesTokens, hasSuffix, hasRerank) = (true, false, false, true, false)
        case .lmStudio: (hasTopK, hasChoices, takesTokens, hasRerank) = (true, false, false, false)
        case .jan:
            (hasLlamaOptions, hasTopK, hasTemplateArguments, takesReasoning) = (true, true, true, true)
            (hasChoices, continuation) = (false, .implied)
        case .llamaServer:
            (hasLlamaOptions, hasTopK, hasTemplateArguments, takesReasoning) = (true, true, true, true)
            (hasInfill, hasProgress, hasApplyTemplate) = (true, true, true)
            (tokens, continuation) = (.llamaServer, .implied)
        case .roost:
            (hasLlamaOptions, hasTopK, hasTemplateArguments, takesReasoning) = (true, true, true, true)
            (hasSuffix, hasApplyTemplate, tokens) = (true, true, .llamaServer)
        case .vllm:
            (hasTopK, hasTemplateArguments, hasCacheSalt) = (true, true, true)
            (repeatPenaltyName, tokens, continuation) = ("repetition_penalty", .vllm, .flagged)
        }
    }
}
