import ArgumentParser
import Roost

/// The flags that choose how tokens are picked and how the model is loaded.
struct SamplingFlags: ParsableArguments {
    @Option(help: "How random the choice is; 0 always takes the most likely token. Default: 0.8.")
    var temperature: String?

    @Option(help: "Choose among the k most likely tokens; 0 is all. Default: 40.")
    var topK: String?

    @Option(help: "Choose among the tokens that make up this much probability; 1 is all. Default: 0.95.")
    var topP: String?

    @Option(help: "Choose among tokens this likely relative to the most likely one; 0 is all. Default: 0.05.")
    var minP: String?

    @Option(help: "Penalty for tokens that occurred; 1 is off. Default: 1.")
    var repeatPenalty: String?

    @Option(parsing: .unconditional, help: "Seed of the random choices; -1 is another one each time.")
    var seed: String?

    @Option(
        name: [.customLong("max-tokens"), .customLong("num-predict")], parsing: .unconditional,
        help: "Most tokens of an answer; -1 is no limit."
    )
    var maxTokens: String?

    @Option(
        name: [.customLong("ctx"), .customLong("num-ctx")],
        help: "Context length: tokens of prompt and answer together.")
    var contextLength: String?

    @Option(help: "Threads that compute. Default: one per core.")
    var threads: String?

    @Option(parsing: .unconditionalSingleValue, help: "End the answer before this text. May be repeated.")
    var stop: [String] = []

    @Option(
        name: [.customShort("p"), .customLong("parameter")], help: "Any parameter, as NAME=VALUE. May be repeated.")
    var parameters: [String] = []

    /// The settings that the flags make of `base`.
    ///
    /// Throws `ValidationError`, `RunError`, `InferenceError.invalidOption`.
    func settings(base: LoadOptions) throws -> RunSettings {
        var settings = RunSettings()
        settings.load = base
        let values: [(name: String, text: String?)] = [
            ("temperature", temperature), ("top_k", topK), ("top_p", topP), ("min_p", minP),
            ("repeat_penalty", repeatPenalty), ("seed", seed), ("num_predict", maxTokens),
            ("num_ctx", contextLength), ("num_thread", threads),
        ]
        for case (let name, let text?) in values {
            try GenerationParameter.named(name).apply(text, to: &settings)
        }
        for text in stop { try GenerationParameter.named("stop").apply(text, to: &settings) }
        for pair in parameters {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw ValidationError("--parameter is “\(pair)”, but must be NAME=VALUE, as in temperature=0.5.")
            }
            try GenerationParameter.named(String(parts[0])).apply(String(parts[1]), to: &settings)
        }
        return settings
    }
}
