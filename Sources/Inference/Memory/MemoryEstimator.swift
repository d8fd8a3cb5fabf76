/// Tells what models take before they are loaded, or even there.
public protocol MemoryEstimator: Sendable {
    /// What the model takes on this machine, with its engine, for each of `options`.
    ///
    /// - Parameters:
    ///   - headers: the beginnings of the model's files.
    ///   - options: ways to load it; many at once cost little more than one.
    /// - Returns: as many estimates as there are options, in their order.
    /// - Throws: `InferenceError`: `.estimateFailed` for a header that the engine cannot read, `.invalidOption`;
    ///   `CancellationError`.
    func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate]
}

extension MemoryEstimator {
    /// As ``estimates(of:options:)-swift.method`` for a model without a draft and a projector.
    ///
    /// - Throws: as that does.
    public func estimates(of headers: [ModelHeaderFile], options: [LoadOptions]) async throws -> [MemoryEstimate] {
        try await estimates(of: ModelHeaderSet(weights: headers), options: options)
    }
}
