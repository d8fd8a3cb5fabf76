import EngineFixtures
import Foundation
import Inference
import Testing

@testable import Workers

/// What a worker of its own took for a model: the most bytes that it ever had in RAM.
struct MeasuredLoad {
    /// `VmHWM` of its process.
    let peakByteCount: Int64
    /// After the load, before any request.
    let loadedByteCount: Int64

    /// Linux tells the peak of a process; a sanitizer takes memory of its own.
    static var isPossible: Bool {
        #if os(Linux)
            !ProcessFixture.isSanitized
        #else
            false
        #endif
    }

    /// Loads the model, fills its context with prompts of as many requests as it computes together, and generates.
    init(_ file: URL, options: LoadOptions, fixture: ProcessFixture) async throws {
        let model = try await fixture.launcher.start(ModelFileSet(file), name: "measured", options: options)
        let pid = try #require(model.activity.processIdentifier)
        let facts = ProcessFacts(pid: pid)
        loadedByteCount = try Self.bytes(facts, "VmRSS")
        do {
            if model.info.isGenerative {
                try await Self.generate(model, options)
            } else {
                try await Self.embed(model, options)
            }
            peakByteCount = try Self.bytes(facts, "VmHWM")
        } catch {
            await model.unload()
            throw error
        }
        await model.unload()
    }

    private static func bytes(_ facts: ProcessFacts, _ field: String) throws -> Int64 {
        let text = try #require(facts.status(field))
        return try #require(text.split(separator: " ").first.flatMap { Int64($0) }) << 10
    }

    /// One request that fills the context alone, and then as many as are computed together.
    private static func generate(_ model: WorkerModel, _ options: LoadOptions) async throws {
        let answerLength = 8
        for count in Set([1, options.parallelRequestCount]).sorted() {
            let promptLength = model.info.contextLength / count - answerLength
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<count {
                    // No two have a beginning in common.
                    let tokens = (0..<promptLength).map { Int32(300 + ($0 * 7 + (index + count) * 131) % 256) }
                    group.addTask {
                        var request = GenerationRequest(.tokens(tokens), options: .fixed(answerLength))
                        request.options.allowsSpeculation = options.speculation
                        _ = try await model.generate(request).outcome()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private static func embed(_ model: WorkerModel, _ options: LoadOptions) async throws {
        let length = min(options.contextLength ?? model.info.contextLength, model.info.trainedContextLength)
        let tokens = (0..<length).map { Int32(100 + $0 % 300) }
        _ = try await model.embed(EmbeddingRequest([.tokens(tokens)]))
    }
}
