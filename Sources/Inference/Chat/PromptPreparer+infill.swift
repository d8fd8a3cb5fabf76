import CLlama

extension PromptPreparer {
    /// A gap in a file as the model was trained to see it, by the fill-in-the-middle tokens of its vocabulary:
    /// other files, then prefix, suffix and middle mark. The layout is that of llama-server's `/infill`
    /// (repository-level pattern of arXiv 2409.12186), with all of the prefix and suffix that fit instead of one batch.
    ///
    /// Throws `InferenceError.noInfill` for a vocabulary without these tokens.
    func tokens(of infill: InfillPrompt, maxTokens: Int?) throws -> [Int32] {
        let vocabulary = model.vocabulary
        let before = llama_vocab_fim_pre(vocabulary)
        let after = llama_vocab_fim_suf(vocabulary)
        let middle = llama_vocab_fim_mid(vocabulary)
        guard before >= 0, after >= 0, middle >= 0 else { throw InferenceError.noInfill(model: info.name) }

        var prefix = try plain(infill.prefix)
        var suffix = try plain(infill.suffix)
        let written = try plain(infill.prompt)
        let begin: [Int32] = llama_vocab_get_add_bos(vocabulary) ? [llama_vocab_bos(vocabulary)] : []
        // What is left of the context for the file, when the answer has its part: at most half is kept for it.
        let reserved = min(maxTokens ?? info.contextLength / 4, info.contextLength / 2)
        let room = max(0, info.contextLength - reserved - written.count - begin.count - 4)
        // Three parts of what is before the gap to one of what is after it, and what one leaves the other takes.
        let suffixCount = min(suffix.count, max(room / 4, room - prefix.count))
        prefix = Array(prefix.suffix(room - suffixCount))
        suffix = Array(suffix.prefix(suffixCount))

        let extra = try context(of: infill.extra)
        let shown = extra.suffix(max(0, room - prefix.count - suffix.count))
        var tokens = Array(shown)
        tokens += begin
        tokens.append(before)
        tokens += prefix
        tokens += written
        tokens.append(after)
        tokens += suffix
        tokens.append(middle)
        return tokens
    }

    /// The other files, and the mark that the file with the gap begins.
    private func context(of files: [InfillPrompt.ExtraFile]) throws -> [Int32] {
        let repository = llama_vocab_fim_rep(model.vocabulary)
        let separator = llama_vocab_fim_sep(model.vocabulary)
        var tokens: [Int32] = []
        func add(_ mark: Int32, _ text: String) throws {
            tokens.append(mark)
            tokens += try plain(text)
        }
        if repository >= 0 { try add(repository, "myproject\n") }
        for file in files {
            if separator >= 0 {
                try add(separator, file.name + "\n")
            } else {
                tokens += try plain("\n\n--- snippet ---\n\n")
            }
            tokens += try plain(file.text)
        }
        if separator >= 0 { try add(separator, "filename\n") }
        return tokens
    }

    /// Text that is nothing but text: a file may have anything in it.
    private func plain(_ text: String) throws -> [Int32] {
        guard let tokens = model.tokenize(text, addSpecial: false, parseSpecial: false) else {
            throw InferenceError.decodeFailed(code: -1, reason: "the prompt could not be tokenized")
        }
        return tokens
    }
}
