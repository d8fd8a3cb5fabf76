import CLlama

/// How large the engine's context is made for a model, for plans of models that are not loaded.
public struct ContextSize: Sendable, Hashable {
    /// Requests that are computed together.
    public let parallelCount: Int
    /// Sequences there are: those, and ended ones that others begin with.
    public let sequenceCount: Int
    /// Tokens that give logits in one turn, at most.
    public private(set) var outputCount: Int
    /// Tokens of prompt and answer of one request.
    public let contextLength: Int
    /// Cells of the cache, which all sequences share.
    public let cellCount: Int
    /// Tokens that are computed at once, at most.
    public let microBatchSize: Int

    /// The size for a model that generates.
    ///
    /// - Parameters:
    ///   - trainedContextLength: tokens that the model was trained for; 0 when unknown.
    ///   - windowLength: tokens that layers with a sliding window look back on; 0 when no layer has one.
    ///   - isRecurrent: whether there is a state that changes with each token.
    ///   - isPurelyRecurrent: whether that state is all there is.
    public init(
        options: LoadOptions, trainedContextLength: Int, windowLength: Int, isRecurrent: Bool, isPurelyRecurrent: Bool
    ) {
        let memory = ContextShape.Memory(
            windowLength: windowLength, isRecurrent: isRecurrent, isPurelyRecurrent: isPurelyRecurrent)
        let shape = ContextShape(options: options, trainedContextLength: trainedContextLength, memory: memory)
        let parameters = shape.parameters(options)
        parallelCount = shape.parallelCount
        sequenceCount = Int(parameters.n_seq_max)
        outputCount = Int(parameters.n_outputs_max)
        contextLength = shape.contextLength
        cellCount = Int(parameters.n_ctx)
        microBatchSize = Int(min(parameters.n_ubatch, parameters.n_ctx))
    }

    /// The size for a model that only turns texts into vectors: for one text of the greatest length.
    ///
    /// - Parameter trainedContextLength: tokens that the model was trained for; 0 when unknown.
    public init(encoding options: LoadOptions, trainedContextLength trained: Int) {
        let asked = options.resolvedContextLength(trained: trained)
        let length = max(
            1, max(trained > 0 ? min(asked, trained) : asked, min(options.microBatchSize, options.batchSize)))
        parallelCount = 1
        sequenceCount = min(64, length)
        outputCount = length
        contextLength = length
        cellCount = length
        microBatchSize = length
    }

    /// The same with another number of tokens that give logits.
    public func withOutputs(_ count: Int) -> ContextSize {
        var size = self
        size.outputCount = count
        return size
    }
}
