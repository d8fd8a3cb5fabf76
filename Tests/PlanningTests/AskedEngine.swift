import Foundation
import Inference
import Synchronization

/// The engine of this process, which keeps what it was asked about.
final class AskedEngine: MemoryEstimator {
    private let headers = Mutex<[ModelHeaderSet]>([])
    /// Whether it refuses headers without a vocabulary.
    private let wantsVocabulary: Bool

    init(wantsVocabulary: Bool = false) { self.wantsVocabulary = wantsVocabulary }

    /// The headers of each call.
    var asked: [ModelHeaderSet] { headers.withLock { $0 } }

    func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate] {
        self.headers.withLock { $0.append(headers) }
        if wantsVocabulary, headers.weights.contains(where: { $0.bytes.range(of: Data("none".utf8)) != nil }) {
            throw InferenceError.estimateFailed(model: "test", reason: "no vocabulary")
        }
        let files = try headers.weights.map { try SparseModelFile($0) }
        return try EngineEstimator.estimates(
            of: ModelFileSet(weights: files.map(\.url)), options: options, name: "test", processByteCount: 32 << 20)
    }
}
