import CLlama
import LlamaBridge

/// A grammar, compiled. Made off the engine's thread; each answer follows a copy of its own.
final class GrammarSampler: @unchecked Sendable {  // why sound: after it is made it is only copied from
    private let pointer: UnsafeMutablePointer<llama_sampler>

    /// Throws `InferenceError.invalidGrammar`.
    init(_ rule: GrammarRule, model: ModelHandle) throws {
        pointer = try rule.makeSampler(for: model)
    }

    deinit { roost_grammar_free(pointer) }

    /// One for an answer, which whoever takes it frees. Throws `InferenceError.invalidGrammar`.
    func copy() throws -> UnsafeMutablePointer<llama_sampler> {
        guard let copy = roost_grammar_copy(pointer) else {
            throw InferenceError.invalidGrammar(reason: "there is no memory for it")
        }
        return copy
    }
}
