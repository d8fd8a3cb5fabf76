import CLlama
import LlamaBridge

/// What a process takes for a model beside what the engine accounts for.
///
/// The figures were measured as the difference between `VmHWM` of workers whose context was filled and the engine's
/// own account (x86-64, glibc): they were fitted to the synthetic Llama, Qwen 3, Gemma 3 and Mamba models of the tests
/// with contexts of 512 and 4096 tokens and hold for the other models there within 3 %.
struct ProcessOverhead {
    /// The vocabulary's tables and the list of tensors.
    let modelByteCount: Int64
    /// Lists of a context that is full.
    let contextByteCount: Int64

    /// What serving takes of a process that has nothing but started: code that runs for the first time, threads and
    /// their stacks, graphs, buffers of messages.
    static let servingByteCount: Int64 = 9_000_000
    /// A cell of the cache: two lists, and two nodes of trees once it is used (src/llama-kv-cells.h).
    private static let byteCountPerCell: Int64 = 310
    /// A token of a request: as text, as a number, in the list of what is cached.
    private static let byteCountPerToken: Int64 = 140
    /// Where nobody counts the heap.
    private static let byteCountPerVocabularyEntry: Int64 = 190

    init(_ layout: ModelLayout, _ parameters: llama_context_params) {
        let counted = Int64(clamping: layout.weights.tables)
        let hasTables = llama_vocab_type(layout.model.vocabulary) != LLAMA_VOCAB_TYPE_NONE
        modelByteCount =
            counted > 0 || !hasTables
            ? counted : Int64(layout.model.vocabularyCount) * Self.byteCountPerVocabularyEntry
        let hasCells = !llama_model_is_recurrent(layout.model.pointer)
        // A model that is nothing but a state may have any context; what it costs comes with the texts.
        contextByteCount =
            hasCells ? Int64(parameters.n_ctx) * (Self.byteCountPerToken + Self.byteCountPerCell) : 0
    }
}
