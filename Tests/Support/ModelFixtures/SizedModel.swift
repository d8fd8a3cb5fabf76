public import ModelFormats

/// A model of any size with random quantized weights, of many architectures: as heavy as a real one, and as wise as a
/// tiny one.
public struct SizedModel: Sendable {
    /// What it is like.
    public enum Architecture: String, Sendable, CaseIterable {
        /// Dense: as many heads of keys as of queries.
        case llama
        /// Grouped-query attention, norms of queries and keys.
        case qwen3
        /// A mixture of 16 experts (4 used).
        case qwen3moe
        /// Five layers with a sliding window for each one without.
        case gemma3
        /// Multi-head latent attention, experts and a shared one.
        case deepseek2
        /// Recurrent.
        case mamba
        /// Attention and a recurrent state in each layer.
        case falconH1 = "falcon-h1"
        /// Layers with attention between layers with a short convolution.
        case lfm2
        /// An encoder.
        case bert
    }

    /// The architecture.
    public var architecture: Architecture
    /// Layers.
    public var layerCount = 8
    /// Values of a token between layers; a multiple of 256.
    public var width = 512
    /// Inner values of a layer's feed-forward network; a multiple of 256.
    public var feedForward = 1536
    /// Heads of queries.
    public var headCount = 8
    /// Heads of keys and values, where they may be fewer.
    public var keyHeadCount = 2
    /// Values of a head; a multiple of 32.
    public var headLength = 64
    /// Tokens of the vocabulary.
    public var vocabularyCount = 16384
    /// What the model says that it was trained for.
    public var contextLength = 32768
    /// Tokens that layers with a sliding window look back on.
    public var windowLength = 1024
    /// The type of the layers' matrices.
    public var type = GGMLType.q4K
    /// The type of the table of the tokens and of the output.
    public var edgeType = GGMLType.q8_0
    /// What the weights depend on.
    public var seed: UInt64 = 1

    /// A model of some 30 MB.
    public init(_ architecture: Architecture) { self.architecture = architecture }

    /// The model, to be written to a file.
    public var model: TinyModel {
        var model = TinyModel(metadata: [], tensors: tensors, seed: seed)
        model.metadata = [
            ("general.architecture", .string(architecture.rawValue)), ("general.type", .string("model")),
            ("general.name", .string("Sized \(architecture.rawValue)")), ("general.quantization_version", .uint32(2)),
        ]
        for (key, value) in facts { model.metadata.append(("\(architecture.rawValue).\(key)", value)) }
        model.metadata += vocabulary.metadata
        return model
    }

    var vocabulary: TinyVocabulary {
        switch architecture {
        case .llama: .sentencePiece(gemma: false, padded: vocabularyCount)
        case .gemma3: .sentencePiece(gemma: true, padded: vocabularyCount)
        case .bert: .wordPieces(padded: vocabularyCount)
        default: .bytePairs(padded: vocabularyCount)
        }
    }

    // MARK: Tensors

    private var tensors: [TinyTensor] {
        let layers = (0..<layerCount).flatMap { layer in
            switch architecture {
            case .llama, .qwen3, .gemma3: attention(layer) + feedForward(layer)
            case .qwen3moe: attention(layer) + experts(layer)
            case .deepseek2: latentAttention(layer) + (layer == 0 ? feedForward(layer) : experts(layer, shared: true))
            case .mamba: mamba(layer)
            case .falconH1: attention(layer) + mamba2(layer) + feedForward(layer, plainNorm: true)
            case .lfm2: (hasAttention(layer) ? attention(layer) : shortConvolution(layer)) + feedForward(layer)
            case .bert: encoder(layer)
            }
        }
        return edges + layers
    }

    private var edges: [TinyTensor] {
        var tensors = [matrix("token_embd.weight", width, vocabularyCount, edgeType)]
        switch architecture {
        case .bert:
            return tensors + [
                vector("token_types.weight", width, 2), vector("position_embd.weight", width, contextLength),
                norm("token_embd_norm.weight"), vector("token_embd_norm.bias", width),
            ]
        case .lfm2: tensors.append(norm("token_embd_norm.weight"))
        default: tensors.append(norm("output_norm.weight"))
        }
        let isTied = [.gemma3, .mamba, .lfm2].contains(architecture)
        return isTied ? tensors : tensors + [matrix("output.weight", width, vocabularyCount, edgeType)]
    }

    func matrix(_ name: String, _ columns: Int, _ rows: Int, _ type: GGMLType? = nil) -> TinyTensor {
        TinyTensor(
            name: name, dimensions: [UInt64(columns), UInt64(rows)], type: type ?? self.type, content: .tiled)
    }

    func stack(_ name: String, _ columns: Int, _ rows: Int, _ count: Int, _ type: GGMLType? = nil) -> TinyTensor {
        TinyTensor(
            name: name, dimensions: [columns, rows, count].map(UInt64.init), type: type ?? self.type, content: .tiled)
    }

    func vector(_ name: String, _ dimensions: Int...) -> TinyTensor {
        TinyTensor(name: name, dimensions: dimensions.map(UInt64.init), content: .tiled)
    }

    func norm(_ name: String, _ dimensions: Int...) -> TinyTensor {
        TinyTensor(
            name: name, dimensions: (dimensions.isEmpty ? [width] : dimensions).map(UInt64.init), content: .constant(1))
    }

    func hasAttention(_ layer: Int) -> Bool { layer % 3 == 2 }
}
