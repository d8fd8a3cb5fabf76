import Foundation
import Inference

/// One turn of ours in ``SpeedBenchmark``, through the library's public interface.
struct SpeedMeasurement {
    enum Work: String, CaseIterable {
        case prefill, decode

        var tokenCount: Int { self == .prefill ? 512 : 128 }
    }

    static let repetitions = 8

    let model: URL
    let threadCount: Int

    /// Tokens per second, the best of some runs after one that does not count.
    func run(_ work: Work) async throws -> Double {
        var options = LoadOptions()
        options.threadCount = threadCount
        options.contextLength = 1024
        options.gpuLayerCount = 0
        // llama-bench computes each token by itself.
        options.speculation = false
        let loaded = try await LoadedModel.load(at: model, options: options)
        var best = 0.0
        for index in 0...Self.repetitions {
            let speed = work == .prefill ? try await prefill(loaded) : try await decode(loaded)
            if index > 0 { best = max(best, speed) }
        }
        await loaded.unload()
        return best
    }

    private func prefill(_ loaded: LoadedModel) async throws -> Double {
        let tokens = (0..<Work.prefill.tokenCount).map { _ in randomToken(loaded) }
        var options = GenerationOptions.greedy
        options.maxTokens = 1
        return try await result(of: loaded.generate(tokens: tokens, options: options)).promptTokensPerSecond
    }

    /// llama-bench times 128 computations of one token. The first token here comes from the prompt's, so 129 tokens
    /// hold 128 such computations, and all of the choosing and the text besides.
    private func decode(_ loaded: LoadedModel) async throws -> Double {
        var options = GenerationOptions.greedy
        options.maxTokens = Work.decode.tokenCount + 1
        options.ignoreEndOfGeneration = true
        let result = try await result(of: loaded.generate(tokens: [randomToken(loaded)], options: options))
        return Double(Work.decode.tokenCount) / (result.completionDuration / .seconds(1))
    }

    private func randomToken(_ loaded: LoadedModel) -> Int32 {
        Int32.random(in: 0..<Int32(loaded.info.vocabularyCount))
    }

    private func result(of stream: AsyncThrowingStream<GenerationEvent, any Error>) async throws -> GenerationResult {
        for try await event in stream {
            if case .finished(let result) = event { return result }
        }
        throw InferenceError.unloaded
    }
}
