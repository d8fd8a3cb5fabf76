import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Testing

@testable import Planning

/// Estimates by headers without their vocabulary, against those by whole headers.
@Suite struct LeanEstimatorTests {
    private static var options: [LoadOptions] {
        [512, 2048].map { length in
            var options = LoadOptions()
            options.contextLength = length
            options.gpuLayerCount = 0
            return options
        }
    }

    private func compare(_ header: ModelHeaderFile, _ name: String) async throws {
        let engine = AskedEngine()
        let whole = try await engine.estimates(of: ModelHeaderSet(weights: [header]), options: Self.options)
        let lean = try await LeanEstimator(engine).estimates(
            of: ModelHeaderSet(weights: [header]), options: Self.options)
        #expect(engine.asked.last?.weights.first?.bytes != header.bytes, "\(name)")
        let thin = try #require(LeanEstimator.withoutVocabulary(header), "\(name)")
        #expect(thin.file.bytes.count < header.bytes.count)
        for (whole, lean) in zip(whole, lean) {
            // The tables are compared where nothing else is in the process: WorkersTests.
            #expect(lean.overheadByteCount > thin.tableByteCount, "\(name)")
            #expect(abs(lean.mappedByteCount - whole.mappedByteCount) <= 16384, "\(name)")
            #expect(abs(lean.loadingByteCount - whole.loadingByteCount) <= 16384, "\(name)")
            var same = lean
            same.overheadByteCount = whole.overheadByteCount
            same.mappedByteCount = whole.mappedByteCount
            same.loadingByteCount = whole.loadingByteCount
            #expect(same == whole, "\(name)")
        }
    }

    @Test("say the same for every tiny architecture", arguments: 0..<TinyModel.all.count)
    func tiny(index: Int) async throws {
        let bytes = try TinyModel.all[index].bytes()
        try await compare(ModelHeaderFile(bytes: Data(bytes), fileByteCount: Int64(bytes.count)), "\(index)")
    }

    @Test("say the same for large vocabularies")
    func large() async throws {
        let model = try HollowModel.llama70B()
        try await compare(ModelHeaderFile(bytes: Data(model.header), fileByteCount: model.byteCount), "llama 70B")
    }

    @Test("ask with the whole header where the engine wants its vocabulary, and where it cannot be read")
    func whole() async throws {
        let bytes = try TinyModel.llama().bytes()
        let header = ModelHeaderFile(bytes: Data(bytes), fileByteCount: Int64(bytes.count))
        let engine = AskedEngine(wantsVocabulary: true)
        let estimates = try await LeanEstimator(engine)
            .estimates(of: ModelHeaderSet(weights: [header]), options: Self.options)
        #expect(estimates.count == 2)
        #expect(engine.asked.count == 2 && engine.asked.last?.weights == [header])

        let cut = ModelHeaderFile(bytes: header.bytes.prefix(300), fileByteCount: header.fileByteCount)
        #expect(LeanEstimator.withoutVocabulary(cut) == nil)
        let short = ModelHeaderFile(bytes: header.bytes, fileByteCount: 100)
        #expect(LeanEstimator.withoutVocabulary(short) == nil)
    }
}
