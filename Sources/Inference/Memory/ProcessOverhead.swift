import CLlama

/// What a process takes for a model beside what the engine accounts for.
struct ProcessOverhead {
    /// The vocabulary's tables.
    let modelByteCount: Int64
    /// Lists of a context.
    let contextByteCount: Int64
    /// All of it, the process itself included.
    var byteCount: Int64 { Self.processByteCount + modelByteCount + contextByteCount }

    private static let processByteCount: Int64 = 40 << 20

    init(_ model: ModelHandle, _ parameters: llama_context_params) {
        modelByteCount = Int64(model.vocabularyCount) * 165
        contextByteCount = Int64(parameters.n_ctx) * 144
    }
}
