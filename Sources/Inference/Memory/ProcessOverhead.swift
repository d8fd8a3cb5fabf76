import CLlama
import LlamaBridge

/// What a process takes for a model beside what the engine accounts for.
struct ProcessOverhead {
    /// The vocabulary's tables and the list of tensors.
    let modelByteCount: Int64
    /// Lists of a context.
    let contextByteCount: Int64

    /// What serving takes of a process that has nothing but started: code that is run for the first time, threads.
    static let servingByteCount: Int64 = 8 << 20

    init(_ layout: ModelLayout, _ parameters: llama_context_params) {
        let counted = Int64(clamping: layout.weights.tables)
        modelByteCount = counted > 0 ? counted : Int64(layout.model.vocabularyCount) * 165
        contextByteCount = Int64(parameters.n_ctx) * 144
    }
}
