import Roost

/// A token with its probability, as OpenAI and Ollama write it.
struct WireLogProbability: Encodable, Sendable {
    struct Candidate: Encodable, Sendable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]

        init(_ candidate: TokenLogProbability.Candidate) {
            token = String(decoding: candidate.bytes, as: UTF8.self)
            logprob = WireLogProbability.finite(candidate.logProbability)
            bytes = candidate.bytes
        }
    }

    let chosen: Candidate
    let top: [Candidate]

    init(_ token: TokenLogProbability) {
        chosen = Candidate(token.chosen)
        top = token.top.map(Candidate.init)
    }

    enum CodingKeys: String, CodingKey {
        case token, logprob, bytes
        case top = "top_logprobs"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(chosen.token, forKey: .token)
        try container.encode(chosen.logprob, forKey: .logprob)
        try container.encode(chosen.bytes, forKey: .bytes)
        try container.encode(top, forKey: .top)
    }

    /// JSON has no infinity; OpenAI writes −9999 for what cannot happen.
    static func finite(_ value: Float) -> Double { value.isFinite ? max(Double(value), -9999) : -9999 }

    /// How many rivals are reported. Throws `APIError.invalidRequest`.
    static func checked(_ count: Int, field: String) throws -> Int {
        guard (0...20).contains(count) else {
            throw APIError.invalidRequest("\(field) is \(count), but must be 0 to 20.", parameter: field)
        }
        return count
    }
}
