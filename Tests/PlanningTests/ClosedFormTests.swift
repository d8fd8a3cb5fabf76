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
                for parallel in [1, 8] {
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
        let (estimate, truth) = try Subject.figures(try #require(ModelGeometry([header])), file.url, options)
        let host = try #require(estimate.devices.first)
        #expect(host.weightsByteCount.isNear(truth.weights, by: 0.03), "\(truth) \(host)")
        #expect(host.contextByteCount == truth.context, "\(truth) \(host)")
        // Of so little the allocator's gaps are a large part.
        #expect(host.computeByteCount.isNear(truth.compute, by: 0.35), "\(truth) \(host)")
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
        let (estimate, truth) = try Self.figures(geometry, file.url, options)
        let host = try #require(estimate.devices.first)
        let label: Comment = "\(name) \(options): \(truth), but told \(host)"
        #expect(host.weightsByteCount == truth.weights, label)
        #expect(host.contextByteCount == truth.context, label)
        #expect(host.computeByteCount.isNear(truth.compute, by: 0.13), label)
        #expect(host.totalByteCount.isNear(truth.total, by: part), label)
    }

    static func figures(
        _ geometry: ModelGeometry, _ file: URL, _ options: LoadOptions
    ) throws -> (told: MemoryEstimate, truth: EngineFigures) {
        let form = ClosedForm(geometry)
        let context = form.context(options)
        var asked = options
        asked.microBatchSize = context.microBatchSize
        if !geometry.hasMemory { asked.batchSize = context.microBatchSize }
        let truth = try EngineFigures(
            file: file, cells: context.cellCount, sequences: context.sequenceCount, outputs: context.outputCount,
            options: asked, isEmbedding: !geometry.hasMemory)
        return (form.estimate(options), truth)
    }
}

extension Int64 {
    func isNear(_ other: Int64, by part: Double) -> Bool {
        abs(Double(self) - Double(other)) <= part * Double(Swift.max(other, 1))
    }
}
