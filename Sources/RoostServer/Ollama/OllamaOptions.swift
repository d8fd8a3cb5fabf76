import Roost

/// `options` of a request, by Ollama's names. Unknown keys are left alone, as Ollama does.
struct OllamaOptions: Decodable, Sendable {
    var seed: Int?
    var numPredict: Int?
    var topK: Int?
    var topP: Float?
    var minP: Float?
    var typicalP: Float?
    var repeatLastN: Int?
    var temperature: Float?
    var repeatPenalty: Float?
    var presencePenalty: Float?
    var frequencyPenalty: Float?
    var mirostat: Int?
    var mirostatTau: Float?
    var mirostatEta: Float?
    var stop: StopStrings?
    // These choose how the model is loaded.
    var numCtx: Int?
    var numBatch: Int?
    var numGPU: Int?
    var numThread: Int?
    var useMmap: Bool?
    var useMlock: Bool?

    enum CodingKeys: String, CodingKey {
        case seed, temperature, mirostat, stop
        case numPredict = "num_predict"
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
        case typicalP = "typical_p"
        case repeatLastN = "repeat_last_n"
        case repeatPenalty = "repeat_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case mirostatTau = "mirostat_tau"
        case mirostatEta = "mirostat_eta"
        case numCtx = "num_ctx"
        case numBatch = "num_batch"
        case numGPU = "num_gpu"
        case numThread = "num_thread"
        case useMmap = "use_mmap"
        case useMlock = "use_mlock"
    }

    /// Sampling as Ollama documents its defaults: temperature 0.8, top-k 40, top-p 0.9, min-p 0, repeat penalty 1.1
    /// over 64 tokens; no limit of tokens when `num_predict` is not positive; a random seed when it is negative.
    func generationOptions() -> GenerationOptions {
        var options = Self.defaults
        if let temperature { options.temperature = temperature }
        if let topK { options.topK = topK }
        if let topP { options.topP = topP }
        if let minP { options.minP = minP }
        if let typicalP { options.typicalP = typicalP }
        if let repeatLastN { options.penaltyLastN = repeatLastN }
        if let repeatPenalty { options.repeatPenalty = repeatPenalty }
        if let presencePenalty { options.presencePenalty = presencePenalty }
        if let frequencyPenalty { options.frequencyPenalty = frequencyPenalty }
        if let mirostat { options.mirostat = mirostat }
        if let mirostatTau { options.mirostatTau = mirostatTau }
        if let mirostatEta { options.mirostatEta = mirostatEta }
        if let stop { options.stop = stop.strings.filter { !$0.isEmpty } }
        if let seed, seed >= 0 { options.seed = UInt32(truncatingIfNeeded: seed) }
        if let numPredict, numPredict > 0 { options.maxTokens = numPredict }
        return options
    }

    /// Ollama's documented defaults.
    static var defaults: GenerationOptions {
        var options = GenerationOptions()
        options.temperature = 0.8
        options.topK = 40
        options.topP = 0.9
        options.minP = 0
        options.repeatPenalty = 1.1
        options.penaltyLastN = 64
        return options
    }

    /// `base` with what the request says of loading; `nil` when it says nothing.
    func loadOptions(base: LoadOptions) -> LoadOptions? {
        var options = base
        if let numCtx, numCtx > 0 { options.contextLength = numCtx }
        if let numBatch { options.batchSize = numBatch }
        if let numGPU { options.gpuLayerCount = numGPU < 0 ? nil : numGPU }
        if let numThread { options.threadCount = numThread > 0 ? numThread : nil }
        if let useMmap { options.memoryMap = useMmap }
        if let useMlock { options.memoryLock = useMlock }
        return options == base ? nil : options
    }
}
