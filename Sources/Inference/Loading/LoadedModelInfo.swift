import CLlama

/// What is known of a loaded model.
public struct LoadedModelInfo: Sendable, Hashable, Codable {
    /// The name it was loaded under; the file's name when none was given.
    public var name: String
    /// The file that was loaded.
    public var path: String
    /// `general.architecture`, such as `gemma3`.
    public var architecture: String
    /// The engine's own description, such as `gemma3 270M Q4_K - Medium`.
    public var description: String
    /// Weights, counted one by one.
    public var parameterCount: Int64
    /// Bytes of all weights.
    public var byteCount: Int64
    /// Tokens of prompt and answer together, in this load.
    public var contextLength: Int
    /// Tokens that the model was trained for.
    public var trainedContextLength: Int
    /// Tokens in the vocabulary.
    public var vocabularyCount: Int
    /// Values in one embedding.
    public var embeddingLength: Int
    /// Transformer blocks, or what the architecture has in their place.
    public var layerCount: Int
    /// Threads for single tokens.
    public var threadCount: Int
    /// False for a base model: `chat` throws `InferenceError.noChatTemplate`.
    public var hasChatTemplate: Bool
    /// False for a model that only embeds: generating throws `InferenceError.notAGenerator`.
    public var isGenerative: Bool

    /// - Parameter context: the one that generates; `nil` for a model that does not.
    init(_ model: ModelHandle, name: String, path: String, options: LoadOptions, context: EngineContext?) {
        self.name = name
        self.path = path
        architecture = model.metadata("general.architecture") ?? "unknown"
        var buffer = [CChar](repeating: 0, count: 256)
        llama_model_desc(model.pointer, &buffer, buffer.count)
        description = buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        parameterCount = Int64(clamping: llama_model_n_params(model.pointer))
        byteCount = Int64(clamping: llama_model_size(model.pointer))
        contextLength =
            context?.contextLength ?? options.resolvedContextLength(trained: model.trainedContextLength)
        trainedContextLength = model.trainedContextLength
        vocabularyCount = model.vocabularyCount
        embeddingLength = Int(llama_model_n_embd(model.pointer))
        layerCount = Int(llama_model_n_layer(model.pointer))
        threadCount = context?.threadCount ?? options.threadCount ?? HostFacts.computeThreadCount
        hasChatTemplate = llama_model_chat_template(model.pointer, nil) != nil
        isGenerative = context != nil
    }
}
