import CLlama

/// A small model that writes ahead of a large one with the same vocabulary. Its weights; each ``ModelDrafter`` has a
/// context of its own.
final class DraftModel {
    let handle: ModelHandle
    /// Tokens that both models have.
    let vocabularyCount: Int
    private let path: String

    /// Ids that may stand for different unused tokens in models of one family.
    private static let firstComparedToken = 5
    /// Vocabularies may end in this many more or fewer padding tokens.
    private static let mostPadding = 128

    /// - Parameters:
    ///   - path: what messages call it.
    ///   - target: the model whose tokens it proposes.
    /// Throws `InferenceError.invalidOption` when the two do not go together.
    init(_ handle: ModelHandle, path: String, for target: ModelHandle) throws {
        self.handle = handle
        self.path = path
        vocabularyCount = min(handle.vocabularyCount, target.vocabularyCount)
        guard llama_model_has_decoder(handle.pointer), !llama_model_has_encoder(handle.pointer) else {
            throw Self.refusal(path, "a model that generates text")
        }
        // Proposals that were wrong have to be taken back.
        guard !llama_model_is_recurrent(handle.pointer), !llama_model_is_hybrid(handle.pointer) else {
            throw Self.refusal(path, "a model whose cache can drop single tokens (not a recurrent one)")
        }
        if let difference = Self.difference(handle, target) {
            throw Self.refusal(path, "a model with the same vocabulary as the model that it drafts for (\(difference))")
        }
    }

    /// A drafter for one sequence at a time.
    ///
    /// - Parameters:
    ///   - contextLength: tokens of a sequence that it can follow.
    ///   - leastProbability: of the likeliest token; below, nothing more is proposed.
    ///   - threadPool: threads to share with the large model's context, which does not compute at the same time.
    /// Throws `InferenceError.loadFailed`; `.invalidOption` for a model that does not generate.
    func makeDrafter(
        contextLength: Int, threadCount: Int, leastProbability: Float = 0.4, threadPool: OpaquePointer? = nil
    ) throws -> ModelDrafter {
        let parameters = Self.contextParameters(contextLength: contextLength, threadCount: threadCount)
        _ = Engine.takeComplaint()
        guard let context = llama_init_from_model(handle.pointer, parameters) else {
            throw InferenceError.loadFailed(
                path: path, reason: Engine.takeComplaint() ?? "the engine could not make a context")
        }
        // What keeps no tokens is an encoder.
        guard llama_get_memory(context) != nil else {
            llama_free(context)
            throw Self.refusal(path, "a model that generates text")
        }
        if let threadPool { llama_attach_threadpool(context, threadPool, threadPool) }
        return ModelDrafter(model: self, context: context, leastProbability: leastProbability)
    }

    /// What llama.cpp is told for a drafter's context.
    static func contextParameters(contextLength: Int, threadCount: Int) -> llama_context_params {
        var parameters = llama_context_default_params()
        parameters.n_ctx = UInt32(clamping: max(64, contextLength))
        parameters.n_batch = UInt32(clamping: ModelDrafter.sliceLength)
        parameters.n_ubatch = UInt32(clamping: ModelDrafter.sliceLength)
        parameters.n_seq_max = 1
        parameters.n_outputs_max = 1
        parameters.n_threads = Int32(clamping: max(1, threadCount))
        parameters.n_threads_batch = parameters.n_threads
        // All of a window's tokens stay, so that any number of them can be taken back.
        parameters.swa_full = true
        parameters.no_perf = true
        return parameters
    }

    private static func refusal(_ path: String, _ rule: String) -> InferenceError {
        .invalidOption(name: "draft model", value: path, rule: rule)
    }

    /// The first thing in which two vocabularies differ; `nil` when a token id means the same in both.
    private static func difference(_ draft: ModelHandle, _ target: ModelHandle) -> String? {
        let (ours, theirs) = (draft.vocabulary, target.vocabulary)
        guard llama_vocab_type(ours) == llama_vocab_type(theirs) else { return "their tokenizers are of other kinds" }
        let (count, targetCount) = (draft.vocabularyCount, target.vocabularyCount)
        guard abs(count - targetCount) <= mostPadding else { return "\(count) tokens against \(targetCount)" }
        guard llama_vocab_get_add_bos(ours) == llama_vocab_get_add_bos(theirs),
            !llama_vocab_get_add_bos(ours) || llama_vocab_bos(ours) == llama_vocab_bos(theirs)
        else { return "their texts begin with other tokens" }
        for token in Int32(firstComparedToken)..<max(Int32(firstComparedToken), Int32(min(count, targetCount))) {
            guard let own = llama_vocab_get_text(ours, token), let other = llama_vocab_get_text(theirs, token) else {
                return "token \(token) has no text"
            }
            if !isEqual(own, other) {
                return "token \(token) is “\(String(cString: own))” against “\(String(cString: other))”"
            }
        }
        return nil
    }

    private static func isEqual(_ first: UnsafePointer<CChar>, _ second: UnsafePointer<CChar>) -> Bool {
        var index = 0
        while first[index] == second[index] {
            if first[index] == 0 { return true }
            index += 1
        }
        return false
    }
}
