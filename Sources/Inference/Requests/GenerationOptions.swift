/// How the next tokens are chosen and when generation ends. Names and defaults are llama.cpp's (`common_params_sampling`).
public struct GenerationOptions: Sendable, Hashable, Codable {
    /// Sampling temperature, ≥ 0. At 0 the most likely token is taken (greedy). Default 0.8.
    public var temperature: Float = 0.8
    /// Keep the k most likely tokens; 0 keeps all. Default 40.
    public var topK: Int = 40
    /// Nucleus sampling: keep the smallest set of tokens whose probability reaches p, in 0…1; 1 is off. Default 0.95.
    public var topP: Float = 0.95
    /// Keep tokens at least this likely relative to the most likely one, in 0…1; 0 is off. Default 0.05.
    public var minP: Float = 0.05
    /// Locally typical sampling, in 0…1; 1 is off. Default 1.
    public var typicalP: Float = 1
    /// Chance that XTC removes the top tokens, in 0…1; 0 is off. Default 0.
    public var xtcProbability: Float = 0
    /// XTC removes tokens above this probability, all but the least likely of them; above 0.5 is off. Default 0.1.
    public var xtcThreshold: Float = 0.1
    /// Range around `temperature` that follows the entropy (dynamic temperature); 0 is off. Default 0.
    public var dynamicTemperatureRange: Float = 0
    /// Exponent of the dynamic temperature. Default 1.
    public var dynamicTemperatureExponent: Float = 1
    /// Tokens looked back on by the penalties; 0 is off, −1 the whole context. Default 64.
    public var penaltyLastN: Int = 64
    /// Repetition penalty, > 0; 1 is off. Default 1.
    public var repeatPenalty: Float = 1
    /// Penalty per earlier occurrence, usually −2…2; 0 is off. Default 0.
    public var frequencyPenalty: Float = 0
    /// Penalty for having occurred, usually −2…2; 0 is off. Default 0.
    public var presencePenalty: Float = 0
    /// DRY (don't repeat yourself) strength; 0 is off. Default 0.
    public var dryMultiplier: Float = 0
    /// DRY base of the exponential. Default 1.75.
    public var dryBase: Float = 1.75
    /// Longest repetition that DRY leaves alone, in tokens. Default 2.
    public var dryAllowedLength: Int = 2
    /// Tokens DRY looks back on; −1 is the whole context, 0 is off. Default 64.
    public var dryPenaltyLastN: Int = 64
    /// Strings that end a repetition for DRY.
    public var drySequenceBreakers: [String] = ["\n", ":", "\"", "*"]
    /// Mirostat version: 0 off, 1 or 2. Replaces top-k, top-p, typical and min-p. Default 0.
    public var mirostat: Int = 0
    /// Mirostat target entropy. Default 5.
    public var mirostatTau: Float = 5
    /// Mirostat learning rate. Default 0.1.
    public var mirostatEta: Float = 0.1
    /// Added to the logit of a token id before anything else; −infinity forbids the token.
    public var logitBias: [Int32: Float] = [:]
    /// What form the output must have. Default any text.
    public var format = OutputFormat.text
    /// How many of the likeliest tokens are reported with each token, 0…20; `nil` reports no probabilities.
    public var topLogProbabilityCount: Int?
    /// Drops the oldest half of the context, but the first `keptTokenCount` tokens, when it is full, instead of ending.
    /// For models whose cache can shift. Default false.
    public var shiftsContext = false
    /// Tokens of the beginning that a context shift keeps, ≥ 0; −1 keeps the whole prompt. Default 0.
    public var keptTokenCount = 0
    /// Whether tokens may be proposed ahead and then checked, which changes no probabilities. Default true.
    public var allowsSpeculation = true
    /// Seed of the random choices; `nil` draws one, reported in the result.
    public var seed: UInt32?
    /// Most tokens to generate; `nil` until the model ends or the context is full. At least 0.
    public var maxTokens: Int?
    /// Generation ends before the first of these strings; no part of it is emitted. At most 64, none empty.
    public var stop: [String] = []
    /// Go on past the model's end-of-generation tokens (benchmarks, fixed-length comparisons). Default false.
    public var ignoreEndOfGeneration = false

    /// llama.cpp's defaults.
    public init() {}

    /// The most likely token each time, nothing random, no penalties.
    public static var greedy: GenerationOptions {
        var options = GenerationOptions()
        options.temperature = 0
        return options
    }
}
