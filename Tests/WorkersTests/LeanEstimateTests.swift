import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Planning
import Testing

@testable import Workers

/// What Roost computes of a vocabulary's tables against what the engine makes of it, each in a process of its own.
@Suite("Estimates without the vocabulary")
struct LeanEstimateTests {
    private func compare(_ header: ModelHeaderFile, _ name: String) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let engine = fixture.estimator
        let set = ModelHeaderSet(weights: [header])
        let options = [ProcessFixture.options(512)]
        var differences: [Double] = []
        // What a process has in RAM by itself is what the machine leaves it just then.
        for _ in 0..<5 {
            let whole = try #require(try await engine.estimates(of: set, options: options).first)
            let lean = try #require(try await LeanEstimator(engine).estimates(of: set, options: options).first)
            let difference = Double(lean.processByteCount - whole.processByteCount)
            if abs(difference) <= 0.01 * Double(whole.processByteCount) { return }
            differences.append(difference)
        }
        Issue.record("\(name): \(differences)")
    }

    @Test(
        "are the same within 1 % for each kind of vocabulary",
        arguments: [SizedModel.Architecture.llama, .qwen3, .gemma3, .bert])
    func kinds(architecture: SizedModel.Architecture) async throws {
        var size = SizedModel(architecture)
        size.vocabularyCount = 30_000
        let bytes = try size.model.writer().headerBytes()
        let header = ModelHeaderFile(bytes: Data(bytes), fileByteCount: Int64(bytes.count) + (1 << 34))
        try await compare(header, architecture.rawValue)
    }

    @Test("are the same within 1 % for the real model", .enabled(if: ProcessFixture.realModel != nil))
    func realModel() async throws {
        let header = try GGUFReader.open(try #require(ProcessFixture.realModel)).header
        try await compare(
            ModelHeaderFile(bytes: header.bytes, fileByteCount: Int64(header.fileByteCount)), "gemma 3 270M")
    }

    @Test("take little memory for a vocabulary of 128,000 tokens and 280,000 merges")
    func large() async throws {
        let model = try HollowModel.llama70B()
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let peaks = PeakEstimator(fixture.estimator)
        let header = ModelHeaderFile(bytes: Data(model.header), fileByteCount: model.byteCount)
        let options = [8192, 131_072].map { ProcessFixture.options($0) }
        let estimates = try await LeanEstimator(peaks)
            .estimates(of: ModelHeaderSet(weights: [header]), options: options)
        #expect(estimates.count == 2)
        #if os(Linux)
            #expect(try #require(await peaks.peakByteCount) < 60_000_000)
        #endif
    }
}

/// Keeps how much memory the process took.
private actor PeakEstimator: MemoryEstimator {
    let base: WorkerEstimator
    private(set) var peakByteCount: Int64?

    init(_ base: WorkerEstimator) { self.base = base }

    func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate] {
        let (estimates, peak) = try await base.measuredEstimates(of: headers, options: options)
        peakByteCount = peak
        return estimates
    }
}
