extension EmbeddingResult {
    /// What `request` asked for, of finished work.
    ///
    /// Throws `InferenceError.decodeFailed` when the engine gave numbers that are none.
    init(_ work: EmbeddingWork, for request: EmbeddingRequest) throws {
        let vectors = try work.vectors.map { vectors in
            try vectors.map { try Self.finished($0, request) }
        }
        self.init(vectors: vectors, tokenCounts: work.texts.map(\.count))
    }

    private static func finished(_ vector: [Float], _ request: EmbeddingRequest) throws -> [Float] {
        let kept = request.dimensionCount.map { Array(vector.prefix($0)) } ?? vector
        guard kept.allSatisfy(\.isFinite) else {
            throw InferenceError.decodeFailed(code: -1, reason: "a vector has values that are not numbers")
        }
        guard request.normalization == .euclidean else { return kept }
        let square = kept.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard square > 0 else { return kept }
        let scale = Float(1 / square.squareRoot())
        return kept.map { $0 * scale }
    }
}

extension RerankResult {
    /// The scores of finished work.
    init(_ work: EmbeddingWork) {
        self.init(scores: work.vectors.map { $0.first?.first ?? -.infinity }, tokenCounts: work.texts.map(\.count))
    }
}
