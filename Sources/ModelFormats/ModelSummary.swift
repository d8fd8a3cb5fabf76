/// The facts of a model that lists and details show, taken from its header alone.
public struct ModelSummary: Sendable, Hashable {
    /// `general.architecture`, such as `llama`; `unknown` when the file does not say.
    public let architecture: String
    /// `general.name`, when there is one.
    public let title: String?
    /// `general.license` (usually an SPDX identifier), when there is one.
    public let license: String?
    /// The number of weights in all tensors.
    public let parameterCount: Int64
    /// The name of the quantization, such as `Q4_K_M` or `F16`.
    public let quantization: String
    /// The longest context in tokens that the model was trained for.
    public let contextLength: Int?
    /// The length of a token's vector.
    public let embeddingLength: Int?
    /// The number of layers.
    public let blockCount: Int?
    /// Attention heads, the most of any layer.
    public let headCount: Int?
    /// Key-value heads, the most of any layer; equal to `headCount` when the file does not say.
    public let headCountKV: Int?
    /// Experts of a mixture-of-experts model.
    public let expertCount: Int?
    /// The number of tokens in the vocabulary.
    public let vocabularyCount: Int?
    /// The tokenizer's kind as the file names it: `llama`, `gpt2`, `bert`…
    public let tokenizer: String?
    /// The Jinja template that turns messages into a prompt, when there is one.
    public let chatTemplate: String?
    /// What the model can be asked to do, guessed from all of the above.
    public let capabilities: [ModelCapability]

    /// Reads the facts from a header. A fact that is missing or has an unexpected type becomes `nil`.
    public init(header: GGUFHeader) {
        let metadata = header.metadata
        let architecture = metadata.string("general.architecture") ?? "unknown"
        self.architecture = architecture
        title = metadata.string("general.name")
        license = metadata.string("general.license")
        parameterCount = Self.parameterCount(header.tensors)
        quantization = Self.quantization(header)
        contextLength = metadata.integer("\(architecture).context_length")
        embeddingLength = metadata.integer("\(architecture).embedding_length")
        blockCount = metadata.integer("\(architecture).block_count")
        headCount = Self.most(metadata["\(architecture).attention.head_count"])
        headCountKV = Self.most(metadata["\(architecture).attention.head_count_kv"]) ?? headCount
        expertCount = metadata.integer("\(architecture).expert_count").flatMap { $0 > 0 ? $0 : nil }
        vocabularyCount =
            metadata.array("tokenizer.ggml.tokens")?.count ?? metadata.integer("\(architecture).vocab_size")
        tokenizer = metadata.string("tokenizer.ggml.model")
        chatTemplate = metadata.string("tokenizer.chat_template")
        capabilities = ModelCapability.guess(architecture: architecture, header: header)
    }

    private static func parameterCount(_ tensors: [GGUFTensorInfo]) -> Int64 {
        tensors.reduce(0) { sum, tensor in
            let (total, overflow) = sum.addingReportingOverflow(Int64(clamping: tensor.elementCount))
            return overflow ? .max : total
        }
    }

    /// The value, or the largest of an array that has one for each layer.
    private static func most(_ value: GGUFValue?) -> Int? {
        value?.intValue ?? value?.arrayValue?.integers?.max()
    }

    private static func quantization(_ header: GGUFHeader) -> String {
        if let number = header.metadata.integer("general.file_type"), let name = GGUFFileType.name(number) {
            return name
        }
        var weights: [GGMLType: UInt64] = [:]
        for tensor in header.tensors { weights[tensor.type, default: 0] &+= tensor.elementCount }
        let most = weights.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        return most?.key.name ?? "unknown"
    }
}
