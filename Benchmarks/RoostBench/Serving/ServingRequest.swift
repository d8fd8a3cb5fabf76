import Foundation
import ModelFixtures

/// One completion, as both servers take it (`/v1/completions` with llama-server's extensions).
struct ServingRequest: Encodable {
    enum Prompt: Encodable {
        case text(String)
        case tokens([Int32])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .tokens(let tokens): try container.encode(tokens)
            }
        }
    }

    var model: String
    var prompt: Prompt
    var outputTokenCount: Int
    private let temperature: Double
    private let seed = 1
    private let ignoresEnd = true
    private let streams = true
    private let streamOptions = ["include_usage": true]

    init(model: String, prompt: Prompt, outputTokenCount: Int, temperature: Double?) {
        self.temperature = temperature ?? 0
        self.model = model
        self.prompt = prompt
        self.outputTokenCount = outputTokenCount
    }

    private enum CodingKeys: String, CodingKey {
        case model, prompt, temperature, seed
        case outputTokenCount = "max_tokens"
        case ignoresEnd = "ignore_eos"
        case streams = "stream"
        case streamOptions = "stream_options"
    }
}

extension ServingWorkload {
    /// The requests of round `round`, the same for each server.
    func requests(round: Int, model: String, vocabularyCount: Int = 20_000) -> [ServingRequest] {
        var random = SeededGenerator(seed: UInt64(round))
        // Ordinary words; the first thousand ids are control tokens and bytes in many vocabularies.
        let tokens = { (count: Int) in
            (0..<count).map { _ in Int32.random(in: 1000..<Int32(vocabularyCount), using: &random) }
        }
        let shared = tokens(sharedTokens ?? 0)
        return (0..<requestCount).map { index in
            let outputCount = Int.random(in: outputTokens[0]...outputTokens[1], using: &random)
            if let prompts {
                return ServingRequest(
                    model: model, prompt: .text(prompts[index % prompts.count]), outputTokenCount: outputCount,
                    temperature: temperature)
            }
            let count = Int.random(in: promptTokens[0]...promptTokens[1], using: &random)
            return ServingRequest(
                model: model, prompt: .tokens(shared + tokens(count)), outputTokenCount: outputCount,
                temperature: temperature)
        }
    }

    /// The long prompt that comes in between.
    func disturbance(round: Int, model: String) -> ServingRequest {
        var random = SeededGenerator(seed: UInt64(round) &+ 1_000_000)
        let tokens = (0..<(disturbanceTokens ?? 0)).map { _ in Int32.random(in: 1000..<20_000, using: &random) }
        return ServingRequest(model: model, prompt: .tokens(tokens), outputTokenCount: 1, temperature: temperature)
    }
}
