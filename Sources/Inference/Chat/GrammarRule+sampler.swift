import CLlama
import LlamaBridge

extension GrammarRule {
    /// The grammar as a sampler, which `roost_sampler_create` takes over; else `roost_grammar_free` frees it.
    ///
    /// Throws `InferenceError.invalidGrammar`.
    func makeSampler(for model: ModelHandle) throws -> UnsafeMutablePointer<llama_sampler> {
        var storage = CStringStorage()
        let words = triggers.map { trigger -> Int in
            switch trigger {
            case .token: storage.add("")
            case .word(let text), .pattern(let text), .patternFull(let text): storage.add(text)
            }
        }
        let ends = thinkingEnds.map { storage.add($0) }
        let grammar = storage.add(text)
        let start = storage.add(generationPrompt)
        let thinking = storage.add(thinkingStart)

        var error: UnsafeMutablePointer<CChar>?
        defer { roost_free(error) }
        let sampler = storage.withPointers { pointer in
            let triggers = zip(triggers, words).map { trigger, word in
                switch trigger {
                case .token(let token):
                    roost_trigger(kind: Int32(ROOST_TRIGGER_TOKEN.rawValue), token: token, text: nil)
                case .word: roost_trigger(kind: Int32(ROOST_TRIGGER_WORD.rawValue), token: -1, text: pointer(word))
                case .pattern:
                    roost_trigger(kind: Int32(ROOST_TRIGGER_PATTERN.rawValue), token: -1, text: pointer(word))
                case .patternFull:
                    roost_trigger(kind: Int32(ROOST_TRIGGER_PATTERN_FULL.rawValue), token: -1, text: pointer(word))
                }
            }
            let ends = ends.map { pointer($0) }
            return triggers.withUnsafeBufferPointer { triggers in
                ends.withUnsafeBufferPointer { ends in
                    var description = roost_grammar(
                        text: pointer(grammar), lazy: isLazy, triggers: triggers.baseAddress,
                        trigger_count: triggers.count, generation_prompt: pointer(start),
                        thinking_start: pointer(thinking), thinking_ends: ends.baseAddress,
                        thinking_end_count: ends.count)
                    return roost_grammar_create(model.vocabulary, &description, &error)
                }
            }
        }
        guard let sampler else {
            throw InferenceError.invalidGrammar(reason: error.map { String(cString: $0) } ?? "it does not parse")
        }
        return sampler
    }
}

/// C strings in one block of memory.
private struct CStringStorage {
    private var bytes: [CChar] = []

    /// Where `text` is.
    mutating func add(_ text: String) -> Int {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8CString)
        return start
    }

    /// Calls `body` with what gives the address of each; valid while it runs.
    func withPointers<R>(_ body: ((Int) -> UnsafePointer<CChar>?) -> R) -> R {
        bytes.withUnsafeBufferPointer { bytes in body { start in bytes.baseAddress.map { $0 + start } } }
    }
}
