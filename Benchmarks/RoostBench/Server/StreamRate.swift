import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Roost

/// How fast one answer's tokens come, over HTTP and from the library that the server stands on: same program for the
/// worker, same model, same settings, one after the other.
struct StreamRate {
    /// Tokens per second at the client, between the first piece of text and the last.
    var atClient: Double
    /// Tokens per second as the engine measured the same answer.
    var ofEngine: Double

    static let prompt = "The history of the lighthouse begins long before electricity. "
    static let tokenCount = 192

    /// Of an answer whose first and last piece came at these times, in seconds.
    private init(first: Double?, last: Double?, tokenCount: Int, engineSeconds: Double) throws {
        guard let first, let last, last > first, tokenCount > 16, engineSeconds > 0 else {
            throw BenchError(description: "The stream had \(tokenCount) tokens only.")
        }
        // The engine's clock starts when the prompt is computed, which is when the first token is known.
        atClient = Double(tokenCount - 1) / (last - first)
        ofEngine = Double(tokenCount - 1) / engineSeconds
    }

    // MARK: Over HTTP

    private struct Request: Encodable {
        struct Options: Encodable {
            let temperature = 0.0
            let seed = 1
            let tokenCount: Int

            private enum CodingKeys: String, CodingKey {
                case temperature, seed
                case tokenCount = "num_predict"
            }
        }

        let model: String
        let prompt: String
        let raw = true
        let options: Options
    }

    private struct End: Decodable {
        let tokenCount: Int
        let nanoseconds: Double

        private enum CodingKeys: String, CodingKey {
            case tokenCount = "eval_count"
            case nanoseconds = "eval_duration"
        }
    }

    /// Of an answer of Ollama's API. What it costs to read it is kept small: the client runs on the engine's processors.
    static func served(by peer: any ServedPeer) async throws -> StreamRate {
        var message = HTTPClientRequest(url: peer.base + "/api/generate")
        message.method = .POST
        message.body = .bytes(
            try JSONEncoder().encode(
                Request(model: peer.modelName, prompt: prompt, options: .init(tokenCount: tokenCount))))
        let response = try await HTTPClient.shared.execute(message, timeout: .seconds(600))
        guard response.status == .ok else {
            let body = try await response.body.collect(upTo: 1 << 16)
            throw BenchError(description: "\(peer.base) answered \(response.status.code): \(String(buffer: body))")
        }
        let start = ContinuousClock.now
        var (text, arrivals) = (ByteBuffer(), [(time: Double, byteCount: Int)]())
        for try await var buffer in response.body {
            text.writeBuffer(&buffer)
            arrivals.append(((ContinuousClock.now - start) / .seconds(1), text.readableBytes))
        }
        let line = text.readableBytesView.split(separator: UInt8(ascii: "\n")).last ?? []
        let end = try JSONDecoder().decode(End.self, from: Data(line))
        // The last piece of text is before the line that ends the answer.
        let last = arrivals.first { $0.byteCount >= line.startIndex - text.readerIndex }
        return try StreamRate(
            first: arrivals.first?.time, last: last?.time, tokenCount: end.tokenCount,
            engineSeconds: end.nanoseconds / 1e9)
    }

    // MARK: From the library

    /// Of an answer of the library.
    static func direct(_ manager: ModelManager, model: String) async throws -> StreamRate {
        var options = GenerationOptions()
        options.temperature = 0
        options.seed = 1
        options.maxTokens = tokenCount
        let request = GenerationRequest(.text(prompt, addSpecial: true), options: options)
        return try await manager.withModel(model) { loaded in
            let start = ContinuousClock.now
            var (first, last, result): (Double?, Double?, GenerationResult?)
            for try await event in loaded.generate(request) {
                switch event {
                case .delta(let delta) where !delta.text.isEmpty:
                    last = (ContinuousClock.now - start) / .seconds(1)
                    first = first ?? last
                case .finished(let end): result = end
                default: continue
                }
            }
            return try StreamRate(
                first: first, last: last, tokenCount: result?.completionTokenCount ?? 0,
                engineSeconds: (result?.completionDuration ?? .zero) / .seconds(1))
        }
    }
}
