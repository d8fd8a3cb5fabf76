import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Planning
import Testing

/// The closed form beside the engine's own figures.
@Suite struct ClosedFormTests {
    @Test(arguments: ModelShape.names)
    func agreesWithTheEngineForRealShapes(name: String) throws {
        let subject = try Subject(name)
        for length in [2048, 8192, 32768] {
            for type in [KVCacheType.f16, .q8_0] {
                // More states than two the estimator tells by a line through fewer.
                for parallel in subject.geometry.isRecurrent ? [1, 2] : [1, 8] {
                    var options = LoadOptions()
                    options.contextLength = length
                    (options.keyCacheType, options.valueCacheType) = (type, type)
                    options.parallelRequestCount = parallel
                    try subject.compare(options, totalWithin: 0.006)
                }
            }
        }
    }

    @Test(arguments: ["llama-8b", "gemma3-27b", "mixtral-8x7b", "deepseek2-lite", "jamba-mini", "bge-large"])
    func agreesWithoutFlashAttentionAndForOtherBatches(name: String) throws {
        let subject = try Subject(name)
        for batch in [128, 2048] {
            var options = LoadOptions()
            options.contextLength = 4096
            options.microBatchSize = batch
            try subject.compare(options, totalWithin: 0.02)
        }
        var options = LoadOptions()
        options.contextLength = 4096
        options.flashAttention = .off
        try subject.compare(options, totalWithin: 0.02)
    }

    @Test(arguments: TinyModel.all.map { $0["general.architecture"]?.stringValue ?? "" })
    func agreesForTinyModels(architecture: String) throws {
        let model = try #require(TinyModel.all.first { $0["general.architecture"]?.stringValue == architecture })
        let file = try TinyModelFile(model)
        guard case .complete(let header) = try GGUFReader.header(from: Data(contentsOf: file.url)) else {
            throw ModelShape.Problem.badHeader
        }
        var options = LoadOptions()
        options.contextLength = 1024
        options.speculation = true
        let geometry = try #require(ModelGeometry([header]))
        let told = ClosedForm(geometry).estimate(options).host
        let truth = try EngineFigures.estimate(of: file.url, options).host
        #expect(told.weightsByteCount.isNear(truth.weightsByteCount, by: 0.03), "\(truth) \(told)")
        #expect(told.contextByteCount == truth.contextByteCount, "\(truth) \(told)")
        // Of so little the allocator's gaps are a large part.
        #expect(told.computeByteCount.isNear(truth.computeByteCount, by: 0.35), "\(truth) \(told)")
    }
}

/// A shape, its file and its geometry.
private struct Subject {
    let name: String
    let geometry: ModelGeometry
    let file: SparseModelFile

    init(_ name: String) throws {
        let shape = try ModelShape(name)
        self.name = name
        file = try SparseModelFile(shape)
        geometry = try #require(ModelGeometry([shape.header]))
    }

    func compare(_ options: LoadOptions, totalWithin part: Double) throws {
        let estimate = ClosedForm(geometry).estimate(options)
        let exact = try EngineFigures.estimate(of: file.url, options)
        let (told, truth) = (estimate.host, exact.host)
        let label: Comment = "\(name) \(options): \(truth), but told \(told)"
        #expect(told.weightsByteCount == truth.weightsByteCount, label)
        #expect(told.contextByteCount == truth.contextByteCount, label)
        #expect(told.computeByteCount.isNear(truth.computeByteCount, by: 0.13), label)
        #expect(told.totalByteCount.isNear(truth.totalByteCount, by: part), label)
        #expect(estimate.outputByteCount.isNear(exact.outputByteCount, by: 0.05), label)
        #expect(estimate.repackedByteCount == exact.repackedByteCount, label)
        // The engine's figure for tables counts the heap, on which other tests are at the same time.
        let (own, other) = (
            estimate.processByteCount - estimate.overheadByteCount, exact.processByteCount - exact.overheadByteCount
        )
        // What is repacked at the very end of the file is unmapped after loading.
        #expect(own.isNear(other, by: 0.02), "\(name): \(estimate) \(exact)")
    }
}

extension Int64 {
    func isNear(_ other: Int64, by part: Double) -> Bool {
        abs(Double(self) - Double(other)) <= part * Double(Swift.max(other, 1))
    }
}
