import CLlama
import LlamaBridge

/// A grammar, compiled. Made off the engine's thread; each answer follows a copy of its own.
final class GrammarSampler: @unchecked Sendable {  // why sound: after it is made it is only copied from
    private let pointer: UnsafeMutablePointer<llama_sampler>

    /// Throws `InferenceError.invalidGrammar`.
    init(_ rule: GrammarRule, model: ModelHandle) throws {
        var error: UnsafeMutablePointer<CChar>?
        defer { roost_free(error) }
        guard let pointer = roost_grammar_from_text(model.vocabulary, rule.text, &error) else {
            throw InferenceError.invalidGrammar(reason: error.map { String(cString: $0) } ?? "it does not parse")
        }
        self.pointer = pointer
    }

    deinit { roost_grammar_drop(pointer) }

    /// One for an answer, which whoever takes it frees. Throws `InferenceError.invalidGrammar`.
    func copy() throws -> UnsafeMutablePointer<llama_sampler> {
        guard let copy = roost_grammar_copy(pointer) else {
            throw InferenceError.invalidGrammar(reason: "there is no memory for it")
        }
        return copy
    }
}
