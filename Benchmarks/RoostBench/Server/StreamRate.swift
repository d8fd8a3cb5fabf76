import Foundation
import Roost

/// How fast one answer's tokens come, over HTTP and from the library that the server stands on: same program for the
/// worker, same model, same settings, one after the other.
struct StreamRate {
    static let prompt = "The history of the lighthouse begins long before electricity. "
    static let tokenCount = 192

    /// Tokens per second between the first and the last of a stream, from when they came.
    static func rate(_ times: [Double]) throws -> Double {
        guard let first = times.first, let last = times.last, times.count > 16, last > first else {
            throw BenchError(description: "The stream had \(times.count) pieces only.")
        }
        return Double(times.count - 1) / (last - first)
    }

    /// Over HTTP.
    static func served(by peer: any ServedPeer) async throws -> Double {
        let request = ServingRequest(
            model: peer.modelName, prompt: .text(prompt), outputTokenCount: tokenCount, temperature: 0)
        return try rate(await ServingAnswer.of(request, from: peer.base, since: .now).pieceTimes)
    }

    /// From the library.
    static func direct(_ manager: ModelManager, model: String) async throws -> Double {
        var options = GenerationOptions()
        options.temperature = 0
        options.seed = 1
        options.maxTokens = tokenCount
        options.ignoreEndOfGeneration = true
        let request = GenerationRequest(.text(prompt, addSpecial: true), options: options)
        return try await manager.withModel(model) { loaded in
            let start = ContinuousClock.now
            var times: [Double] = []
            for try await event in loaded.generate(request) {
                guard case .delta(let delta) = event, !delta.text.isEmpty else { continue }
                times.append((ContinuousClock.now - start) / .seconds(1))
            }
            return try rate(times)
        }
    }
}
