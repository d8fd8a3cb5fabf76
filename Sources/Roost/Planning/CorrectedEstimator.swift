import Inference

/// The engine's figures, with what loads of the same architecture have taken beside on this machine.
struct CorrectedEstimator: MemoryEstimator {
    let base: any MemoryEstimator
    /// What loads took, as a multiple of what was said; at least 1.
    let ratio: Double

    /// Bytes that were added to an estimate of this one.
    func addedByteCount(in estimate: MemoryEstimate) -> Int64 {
        Int64((Double(estimate.processByteCount) * (1 - 1 / ratio)).rounded())
    }

    func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate] {
        try await base.estimates(of: headers, options: options).map { estimate in
            var corrected = estimate
            corrected.overheadByteCount += Int64((Double(estimate.processByteCount) * (ratio - 1)).rounded())
            return corrected
        }
    }
}
