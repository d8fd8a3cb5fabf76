/// Prompts of text, of tokens and of conversations without tools; grammars as they are.
struct PlainPreparer: PromptPreparing {
    let model: ModelHandle
    let templates: TemplateCache
    let info: LoadedModelInfo

    func prepare(_ request: GenerationRequest) throws -> PreparedPrompt {
        var prompt = PreparedPrompt(pieces: [], stops: request.options.stop)
        switch request.prompt {
        case .text(let text, let addSpecial):
            prompt.pieces = [.tokens(try tokenize(text, addSpecial: addSpecial))]
        case .chat(let chat):
            let written = try templates.prompt(for: chat.messages)
            prompt.pieces = [.tokens(try tokenize(written.prompt, addSpecial: true))]
            prompt.stops += written.stops.filter { !$0.isEmpty }
        case .infill: throw InferenceError.noInfill(model: info.name)
        case .tokens(let tokens):
            if let wrong = tokens.first(where: { $0 < 0 || Int($0) >= info.vocabularyCount }) {
                throw InferenceError.invalidOption(
                    name: "prompt token", value: "\(wrong)", rule: "between 0 and \(info.vocabularyCount - 1)")
            }
            prompt.pieces = [.tokens(tokens)]
        }
        switch request.options.format {
        case .text: break
        case .grammar(let text): prompt.grammar = GrammarRule(text: text)
        case .json, .jsonSchema:
            throw InferenceError.invalidGrammar(reason: "JSON is asked for, and only GBNF is understood")
        }
        return prompt
    }

    private func tokenize(_ text: String, addSpecial: Bool) throws -> [Int32] {
        guard let tokens = model.tokenize(text, addSpecial: addSpecial, parseSpecial: true) else {
            throw InferenceError.decodeFailed(code: -1, reason: "the prompt could not be tokenized")
        }
        return tokens
    }
}
