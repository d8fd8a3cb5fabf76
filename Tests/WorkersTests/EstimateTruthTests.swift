import Foundation
import Inference
import ModelFixtures
import Planning
import Testing

@testable import Workers

/// Each estimate against a process of its own that loads the model so, fills its context and answers. With
/// `ROOST_TEST_MEMORY_MATRIX` all combinations (some minutes for each model), else the corners of the table; with
/// `ROOST_TEST_MEMORY_TABLE` a file gets the figures.
@Suite("What a model takes in memory", .serialized, .enabled(if: MeasuredLoad.isPossible))
struct EstimateTruthTests {
    /// A way to load a model.
    struct Case: Sendable {
        var contextLength: Int
        var cacheType: KVCacheType
        var requestCount: Int
        var memoryMap = true

        var options: LoadOptions {
            var options = LoadOptions()
            options.contextLength = contextLength
            options.threadCount = 1
            options.keyCacheType = cacheType
            options.valueCacheType = cacheType
            options.parallelRequestCount = requestCount
            options.memoryMap = memoryMap
            // Proposals need what repeats, and kept prompts are a budget of their own.
            options.speculation = false
            options.prefixByteLimit = 0
            return options
        }
    }

    private static let environment = ProcessInfo.processInfo.environment
    private static let isWhole = environment["ROOST_TEST_MEMORY_MATRIX"] != nil
    /// Share of the truth that an estimate may be off.
    private static let tolerance = 0.05
    /// Times that both are asked for: what a process has in RAM by itself is what the machine leaves it just then.
    private static let roundCount = 5

    private static var cases: [Case] {
        guard isWhole else {
            return [
                Case(contextLength: 512, cacheType: .q8_0, requestCount: 8),
                Case(contextLength: 2048, cacheType: .f16, requestCount: 1),
                Case(contextLength: 512, cacheType: .f16, requestCount: 1, memoryMap: false),
            ]
        }
        let mapped = [512, 2048, 8192].flatMap { length in
            [KVCacheType.f16, .q8_0].flatMap { type in
                [1, 8].map { Case(contextLength: length, cacheType: type, requestCount: $0) }
            }
        }
        return mapped + [Case(contextLength: 2048, cacheType: .f16, requestCount: 1, memoryMap: false)]
    }

    @Test("is what was told before, within 5 %", arguments: SizedModel.Architecture.allCases)
    func synthetic(architecture: SizedModel.Architecture) async throws {
        var size = SizedModel(architecture)
        size.layerCount = 6
        let file = try TinyModelFile(size.model)
        try await compare(file.url, architecture.rawValue)
        withExtendedLifetime(file) {}
    }

    @Test(
        "is what was told before for the real model too",
        .enabled(if: ProcessFixture.realModel != nil, "ROOST_TEST_MODEL is not set"))
    func real() async throws {
        try await compare(try #require(ProcessFixture.realModel), "gemma-3-270m")
    }

    @Test(
        "lies between the usual and the most where speculation is on",
        .enabled(if: ProcessFixture.realModel != nil, "ROOST_TEST_MODEL is not set"))
    func speculation() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let url = try #require(ProcessFixture.realModel)
        var options = Case(contextLength: 512, cacheType: .f16, requestCount: 1).options
        options.speculation = true
        let header = try Self.header(of: url)
        for round in 1...Self.roundCount {
            let estimate = try #require(
                try await LeanEstimator(fixture.estimator).estimates(of: [header], options: [options]).first)
            // A row of logits for each of 63 tokens, of which the batches here take one.
            #expect(estimate.speculationByteCount > 59 * 262_144 * 4)
            let truth = try await MeasuredLoad(url, options: options, fixture: fixture)
            let least = Double(estimate.usualByteCount) * (1 - Self.tolerance)
            let most = Double(estimate.processByteCount) * (1 + Self.tolerance)
            let peak = Double(truth.peakByteCount)
            guard peak >= least && peak <= most || round == Self.roundCount else { continue }
            #expect(peak >= least)
            #expect(peak <= most)
            try Self.note(
                "gemma-3-270m (speculation)", Case(contextLength: 512, cacheType: .f16, requestCount: 1),
                estimate, truth, Double(estimate.processByteCount) / peak - 1)
            return
        }
    }

    private static func header(of url: URL) throws -> ModelHeaderFile {
        let size = Int64(try #require(try url.resourceValues(forKeys: [.fileSizeKey]).fileSize))
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        // More than the header of any model here.
        return ModelHeaderFile(bytes: try #require(try handle.read(upToCount: 8 << 20)), fileByteCount: size)
    }

    private func compare(_ url: URL, _ title: String) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let header = try Self.header(of: url)
        var cases = Self.cases
        for round in 1...Self.roundCount where !cases.isEmpty {
            let estimates = try await LeanEstimator(fixture.estimator).estimates(
                of: [header], options: cases.map(\.options))
            try #require(estimates.count == cases.count)
            var missed: [Case] = []
            for (one, estimate) in zip(cases, estimates) {
                let truth = try await MeasuredLoad(url, options: one.options, fixture: fixture)
                let error = Double(estimate.processByteCount) / Double(truth.peakByteCount) - 1
                guard abs(error) <= Self.tolerance || round == Self.roundCount else {
                    missed.append(one)
                    continue
                }
                #expect(abs(error) <= Self.tolerance, "\(title) \(one): \(estimate) against \(truth)")
                try Self.note(title, one, estimate, truth, error)
            }
            cases = missed
        }
    }

    /// A line of the table. llama.cpp's own fit (common/fit.cpp) counts the same buffers of the host, but none that is
    /// repacked, no output, and not the process.
    private static func note(
        _ title: String, _ one: Case, _ estimate: MemoryEstimate, _ truth: MeasuredLoad, _ error: Double
    ) throws {
        guard let path = environment["ROOST_TEST_MEMORY_TABLE"] else { return }
        let fit = estimate.host.totalByteCount - estimate.repackedByteCount
        func megabytes(_ count: Int64) -> String { String(format: "%.1f", Double(count) / 1e6) }
        let fitError = Double(fit) / Double(truth.peakByteCount) - 1
        let cells =
            [
                title, "\(one.contextLength)", one.cacheType.rawValue, "\(one.requestCount)",
                one.memoryMap ? "yes" : "no", megabytes(estimate.processByteCount), megabytes(truth.peakByteCount),
                String(format: "%+.1f %%", 100 * error), megabytes(fit), String(format: "%+.1f %%", 100 * fitError),
            ]
        let line = "| " + cells.joined(separator: " | ") + " |\n"
        if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(line.utf8))
        try file.close()
    }
}
