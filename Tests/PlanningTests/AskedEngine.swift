import Foundation
import Inference
import Synchronization

/// The engine of this process, which keeps what it was asked about.
final class AskedEngine: MemoryEstimator {
    private let headers = Mutex<[ModelHeaderSet]>([])
    /// Whether it refuses headers without a vocabulary.
    private let wantsVocabulary: Bool
    /// What it says that a process takes beside the model; `nil` says what is found. That is told by how much the heap
    /// grew, so that here, where other tests run at the same time, their memory is in it too.
    private let overheadByteCount: Int64?

    init(wantsVocabulary: Bool = false, overheadByteCount: Int64? = nil) {
        self.wantsVocabulary = wantsVocabulary
        self.overheadByteCount = overheadByteCount
    }

    /// The headers of each call.
    var asked: [ModelHeaderSet] { headers.withLock { $0 } }

    func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate] {
        self.headers.withLock { $0.append(headers) }
        if wantsVocabulary, headers.weights.contains(where: { $0.bytes.range(of: Data("none".utf8)) != nil }) {
            throw InferenceError.estimateFailed(model: "test", reason: "no vocabulary")
        }
        let files = try headers.weights.map { try SparseModelFile($0) }
        let estimates = try EngineEstimator.estimates(
            of: ModelFileSet(weights: files.map(\.url)), options: options, name: "test", processByteCount: 32 << 20)
        guard let overheadByteCount else { return estimates }
        return estimates.map { estimate in
            var steady = estimate
            steady.overheadByteCount = overheadByteCount
            return steady
        }
    }
}
