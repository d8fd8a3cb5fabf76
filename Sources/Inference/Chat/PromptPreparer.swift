import Foundation

/// Turns requests into what the engine computes: template, tokens, grammar, and how the answer is read. Works on a
/// thread that may wait.
final class PromptPreparer: Sendable {
    let model: ModelHandle
    let info: LoadedModelInfo
    private let templates: TemplateCache
    private let media: (any PromptMedia)?

    /// - Parameter media: for models that see pictures.
    init(model: ModelHandle, templates: TemplateCache, info: LoadedModelInfo, media: (any PromptMedia)? = nil) {
        self.model = model
        self.templates = templates
        self.info = info
        self.media = media
    }

    /// What `request` comes to. The grammar is checked and bounded, but not compiled.
    ///
    /// Throws `InferenceError`.
    func prepare(_ request: GenerationRequest) throws -> PreparedPrompt {
        try request.validate()
        let options = request.options
        switch request.prompt {
        case .text(let text, let addSpecial):
            return PreparedPrompt(
                pieces: [.tokens(try tokenize(text, addSpecial: addSpecial))], stops: options.stop,
                grammar: try grammar(of: options.format))
        case .tokens(let tokens):
            if let wrong = tokens.first(where: { $0 < 0 || Int($0) >= info.vocabularyCount }) {
                throw InferenceError.invalidOption(
                    name: "prompt token", value: "\(wrong)", rule: "between 0 and \(info.vocabularyCount - 1)")
            }
            guard !tokens.isEmpty else { throw InferenceError.emptyPrompt }
            return PreparedPrompt(
                pieces: [.tokens(tokens)], stops: options.stop, grammar: try grammar(of: options.format))
        case .infill(let infill):
            return PreparedPrompt(
                pieces: [.tokens(try tokens(of: infill, maxTokens: options.maxTokens))], stops: options.stop,
                grammar: try grammar(of: options.format))
        case .chat(let chat): return try prepare(chat, options)
        }
    }

    private func prepare(_ chat: ChatRequest, _ options: GenerationOptions) throws -> PreparedPrompt {
        try ChatRules.check(chat)
        let images = chat.messages.flatMap(\.parts).compactMap { part in
            if case .image(let data) = part { data } else { nil }
        }
        let marker = try marker(for: chat, imageCount: images.count)
        let schema = try schema(of: options.format, chat)
        let output = try templates.apply(TemplateInput(chat, marker: marker, schema: schema?.text))

        var prepared = PreparedPrompt(
            pieces: try pieces(of: output.prompt, images), stops: options.stop + output.stops.filter { !$0.isEmpty })
        prepared.boundaries = boundaries(in: prepared.pieces, of: output.delimiters)
        if case .grammar(let text) = options.format {
            // What a caller's own grammar lets through is given as it is: it need not be the template's format.
            prepared.grammar = try ownGrammar(text)
        } else {
            prepared.parser = try TemplateParser(output.parser)
            prepared.preservedTokens = output.preservedTokens.compactMap(singleToken)
            prepared.grammar = try rule(of: output, schema, preserved: prepared.preservedTokens)
        }
        return prepared
    }

    /// The grammar of an answer that no template wraps.
    private func grammar(of format: OutputFormat) throws -> GrammarRule? {
        switch format {
        case .text: nil
        case .json: GrammarRule(text: JSONGrammar.object)
        case .jsonSchema(let schema): GrammarRule(text: try JSONSchemaRules.prepared(schema).grammar())
        case .grammar(let text): try ownGrammar(text)
        }
    }

    private func ownGrammar(_ text: String) throws -> GrammarRule {
        try GrammarBounds.check(text)
        return GrammarRule(text: text)
    }

    /// What the template is told about the form of its answer.
    private func schema(of format: OutputFormat, _ chat: ChatRequest) throws -> PreparedSchema? {
        let hasTools = !chat.tools.isEmpty && chat.toolChoice != .none
        switch format {
        case .text: return nil
        case .grammar where hasTools:
            throw InferenceError.invalidOption(
                name: "grammar", value: "given with tools", rule: "left out where tools may be called")
        case .grammar: return nil
        case .json: return PreparedSchema(text: #"{"type":"object"}"#, additions: "")
        case .jsonSchema(let schema): return try JSONSchemaRules.prepared(schema)
        }
    }

    private func rule(
        of output: TemplateOutput, _ schema: PreparedSchema?, preserved: [Int32]
    ) throws -> GrammarRule? {
        guard !output.grammar.isEmpty else {
            // A template without a format of its own for this: the whole answer is the JSON.
            return try schema.map { GrammarRule(text: try $0.grammar()) }
        }
        let text: String
        if let schema {
            text = try schema.completed(output.grammar)
        } else {
            try GrammarBounds.check(output.grammar, byteLimit: GrammarBounds.madeByteLimit)
            text = output.grammar
        }
        return GrammarRule(
            text: text, isLazy: output.isLazy, triggers: output.triggers.map { trigger($0, preserved: preserved) },
            preservedTokens: preserved, generationPrompt: output.generationPrompt,
            thinkingStart: output.thinkingStart, thinkingEnds: output.thinkingEnds)
    }

    /// A word that is a token of its own sets the grammar off as a token.
    private func trigger(_ trigger: TemplateOutput.Trigger, preserved: [Int32]) -> GrammarRule.Trigger {
        switch trigger.type {
        case "pattern": .pattern(trigger.value)
        case "pattern_full": .patternFull(trigger.value)
        default:
            singleToken(trigger.value).flatMap { preserved.contains($0) ? .token($0) : nil } ?? .word(trigger.value)
        }
    }

    private func singleToken(_ text: String) -> Int32? {
        let tokens = model.tokenize(text, addSpecial: false, parseSpecial: true)
        return tokens?.count == 1 ? tokens?.first : nil
    }

    private func marker(for chat: ChatRequest, imageCount: Int) throws -> String {
        guard imageCount > 0 else { return "" }
        guard let media else { throw InferenceError.noProjector(model: info.name) }
        guard !chat.messages.contains(where: { $0.content.contains(media.marker) }) else {
            throw InferenceError.invalidOption(
                name: "text of a message", value: "one with “\(media.marker)” in it",
                rule: "without it where there are pictures")
        }
        return media.marker
    }

    private func pieces(of prompt: String, _ images: [Data]) throws -> [PromptPiece] {
        if !images.isEmpty, let media { return try media.pieces(of: prompt, images: images, addSpecial: true) }
        return [.tokens(try tokenize(prompt, addSpecial: true))]
    }

    private func tokenize(_ text: String, addSpecial: Bool) throws -> [Int32] {
        guard let tokens = model.tokenize(text, addSpecial: addSpecial, parseSpecial: true) else {
            throw InferenceError.decodeFailed(code: -1, reason: "the prompt could not be tokenized")
        }
        guard !tokens.isEmpty else { throw InferenceError.emptyPrompt }
        return tokens
    }

    /// Where messages begin, which is where the ones before them end.
    private func boundaries(in pieces: [PromptPiece], of delimiters: [TemplateOutput.Delimiter]) -> [Int] {
        let marks = delimiters.compactMap { delimiter in
            model.tokenize(delimiter.delimiter, addSpecial: false, parseSpecial: true)
        }.filter { !$0.isEmpty }
        var position = 0
        var result: Set<Int> = []
        for piece in pieces {
            if case .tokens(let tokens) = piece {
                for index in tokens.indices where marks.contains(where: { tokens[index...].starts(with: $0) }) {
                    result.insert(position + index)
                }
            }
            position += piece.positionCount
        }
        return result.subtracting([0]).sorted()
    }
}
