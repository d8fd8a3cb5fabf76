import EngineFixtures
import Inference

/// Greedy answers that should be the same, with the two likeliest tokens of each place.
struct GreedyAnswer {
    var tokens: [Int32]
    var top: [[TokenLogProbability.Candidate]]
    var result: GenerationResult

    /// By how much the first token that is not the same was likelier than the one that took its place, in either
    /// answer; 0 when all are the same, and infinity when they differ otherwise.
    ///
    /// Batches of other shapes add the same numbers up in another order: where two tokens are as likely as each other
    /// but for the last bits, either may win. A larger difference is a mistake.
    func gap(to other: GreedyAnswer) -> Float {
        guard let place = zip(tokens, other.tokens).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
            return tokens.count == other.tokens.count ? 0 : .infinity
        }
        func lead(_ answer: GreedyAnswer, over token: Int32) -> Float {
            guard answer.top.indices.contains(place) else { return .infinity }
            let top = answer.top[place]
            guard let rival = top.first(where: { $0.token == token }) else { return .infinity }
            return top[0].logProbability - rival.logProbability
        }
        return max(lead(self, over: other.tokens[place]), lead(other, over: tokens[place]))
    }

    /// What is taken for a tie: the last bits of 16-bit keys and values, in logits of a size around 5.
    static let tie: Float = 0.02
}

extension GenerationOptions {
    /// Greedy, and reporting what ``GreedyAnswer`` looks at.
    static func compared(_ count: Int?) -> GenerationOptions {
        var options = GenerationOptions.fixed(count)
        options.topLogProbabilityCount = 2
        return options
    }
}

extension AsyncThrowingStream<GenerationEvent, any Error> {
    /// All answers, by choice. Throws what the stream throws.
    func greedy() async throws -> [GreedyAnswer] {
        var top: [Int: [[TokenLogProbability.Candidate]]] = [:]
        var answers: [GreedyAnswer] = []
        for try await event in self {
            switch event {
            case .delta(let delta): top[delta.choice, default: []] += delta.logProbabilities.map(\.top)
            case .finished(let result):
                answers.append(GreedyAnswer(tokens: result.tokens, top: top[result.choice] ?? [], result: result))
            case .queued, .promptProgress: break
            }
        }
        return answers.sorted { $0.result.choice < $1.result.choice }
    }
}
