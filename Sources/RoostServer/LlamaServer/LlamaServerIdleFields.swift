/// Fields of llama-server's requests that change nothing here.
struct LlamaServerIdleFields: Decodable, Sendable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case samplers, lora
        case promptTime = "t_max_prompt_ms"
        case predictionTime = "t_max_predict_ms"
        case indentation = "n_indent"
        case responseFields = "response_fields"
        case topSigma = "top_n_sigma"
        case minKeep = "min_keep"
        case postSamplingProbabilities = "post_sampling_probs"
        case slot = "id_slot"
        case completionCount = "n_cmpl"
    }

    /// Those that the request sets to something.
    let names: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        names = try CodingKeys.allCases.filter { key in
            // One completion is what there is; for the others 0 and −1 ask for nothing.
            let neutral = key == .completionCount ? 1 : 0
            switch try container.decodeIfPresent(JSONValue.self, forKey: key) {
            case nil: return false
            case .integer(let number): return number > neutral
            case .number(let number): return number > Double(neutral)
            case .some(let value): return !value.isEmpty
            }
        }.map(\.rawValue)
    }

    /// What the client is told of them.
    var warnings: [String] {
        names.isEmpty ? [] : ["These fields have no effect here: \(names.joined(separator: ", "))."]
    }
}
