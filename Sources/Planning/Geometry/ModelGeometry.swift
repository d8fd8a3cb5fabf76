public import Foundation
public import ModelFormats

/// The sizes of a model that decide how much memory it takes and how fast it can be, read from a GGUF header.
///
/// The keys and the rules by architecture are llama.cpp's (llama-hparams.cpp and src/models).
public struct ModelGeometry: Sendable, Hashable {
    /// One layer.
    public struct Layer: Sendable, Hashable {
        /// Heads that ask.
        public var headCount = 0
        /// Heads whose keys and values are kept; 0 keeps none.
        public var cachedHeadCount = 0
        /// Values of a head's key.
        public var keyLength = 0
        /// Values of a head's value; 0 with latent attention, which has the values in the keys.
        public var valueLength = 0
        /// Values that an indexer of sparse attention keeps for each token beside.
        public var indexLength = 0
        /// Whether it looks back on the sliding window alone.
        public var isSliding = false
        /// Whether it uses the cache of an earlier layer.
        public var sharesCache = false
        /// Values (32-bit floats) that each sequence's convolutions and shifts look back on.
        public var convolutionCount = 0
        /// Values (32-bit floats) of the state that each sequence has; 0 is none.
        public var stateCount = 0
        /// Width of its dense feed-forward part; 0 when it has none.
        public var feedForwardLength = 0
        /// Whether that has a gate.
        public var isGated = true
        /// Width of one expert; 0 when it has none.
        public var expertLength = 0
        /// Its weights, experts included.
        public var weights: [WeightGroup] = []
        /// Bytes of the largest of its tensors.
        public var largestByteCount: Int64 = 0

        /// Values that the cache keeps as keys for each token; 0 keeps none.
        public var keyWidth: Int { sharesCache ? 0 : cachedHeadCount * keyLength }
        /// Values that the cache keeps as values for each token.
        public var valueWidth: Int { sharesCache ? 0 : cachedHeadCount * valueLength }
    }

    /// Multi-head latent attention: sizes in each head.
    public struct LatentAttention: Sendable, Hashable {
        /// Width of the compressed keys and values.
        public var rank: Int
        /// The part of a key that carries the position.
        public var rotatedLength: Int
        /// All of a key.
        public var keyLength: Int
        /// All of a value.
        public var valueLength: Int
    }

    /// `general.architecture`.
    public var architecture: String
    /// The layers, first to last; those that predict further tokens (MTP), which are not loaded, are not among them.
    public var layers: [Layer]
    /// Layers that the file has beside: the engine counts them when it shares layers among devices.
    public var extraLayerCount: Int
    /// Tokens that the model was trained for; `nil` when it does not say.
    public var trainedContextLength: Int?
    /// Tokens of the sliding window; 0 is none.
    public var windowLength: Int
    /// Width of the embeddings.
    public var embeddingLength: Int
    /// Latent attention, where the model has it.
    public var latentAttention: LatentAttention?
    /// Width of what a recurrent layer's input is turned into, all parts together; 0 without recurrent layers.
    public var recurrentInputLength: Int
    /// The part of that which goes through the convolution.
    public var convolutionLength: Int
    /// Tokens of the vocabulary.
    public var vocabularyCount: Int
    /// Experts of a layer; 0 is none.
    public var expertCount: Int
    /// Experts that each token goes through.
    public var usedExpertCount: Int
    /// Whether it has a cache for its tokens, or a state: without it only texts as a whole are computed (encoders).
    public var hasMemory: Bool
    /// The table of embeddings and what belongs to it: in the host's memory always.
    public var inputWeights: [WeightGroup]
    /// The output layer; empty where it is the table of embeddings again.
    public var outputWeights: [WeightGroup]
    /// Bytes of all tensors that are loaded.
    public var weightByteCount: Int64
    /// Values in all tensors that are loaded.
    public var parameterCount: Int64

    /// Whether there is a state that changes with each token and cannot go back.
    public var isRecurrent: Bool { layers.contains { $0.stateCount + $0.convolutionCount > 0 } }
    /// Whether that is all there is.
    public var isPurelyRecurrent: Bool { isRecurrent && !layers.contains { $0.keyWidth > 0 } }
    /// The part of a layer's experts that each token goes through, 0…1.
    public var usedExpertShare: Double {
        expertCount > 0 ? min(1, Double(usedExpertCount) / Double(expertCount)) : 1
    }

    /// Reads the sizes; `nil` when the header lacks those that every architecture has.
    ///
    /// - Parameter headers: the header of a model's file, or of all its parts.
    public init?(_ headers: [GGUFHeader]) {
        guard let metadata = headers.first?.metadata, let keys = GeometryKeys(metadata) else { return nil }
        architecture = keys.architecture
        layers = keys.layers()
        extraLayerCount = keys.extraLayerCount
        trainedContextLength = keys.number("context_length")
        windowLength = keys.windowLength
        embeddingLength = keys.embeddingLength
        latentAttention = keys.latentAttention
        (recurrentInputLength, convolutionLength) = keys.recurrentLengths
        vocabularyCount = metadata.array("tokenizer.ggml.tokens")?.count ?? keys.number("vocab_size") ?? 0
        expertCount = keys.number("expert_count") ?? 0
        usedExpertCount = keys.numbers("expert_used_count").max() ?? 0
        hasMemory = !GeometryKeys.hasNoMemory(architecture)
        (inputWeights, outputWeights) = ([], [])
        (weightByteCount, parameterCount) = (0, 0)
        for tensor in headers.lazy.flatMap(\.tensors) { add(tensor) }
    }

    /// Reads the sizes from the beginnings of a model's files.
    ///
    /// - Throws: `PlanningError.unreadableHeader`.
    public init(files: [Data]) throws {
        var headers: [GGUFHeader] = []
        for file in files {
            do {
                guard case .complete(let header) = try GGUFReader.header(from: file) else {
                    throw PlanningError.unreadableHeader(reason: "it is cut off before its end")
                }
                headers.append(header)
            } catch let error as GGUFError {
                throw PlanningError.unreadableHeader(reason: "\(error)")
            }
        }
        guard let geometry = ModelGeometry(headers) else {
            throw PlanningError.unreadableHeader(reason: "it names no architecture, layers or width")
        }
        self = geometry
    }

    private mutating func add(_ tensor: GGUFTensorInfo) {
        let layer = Self.layerIndex(tensor.name)
        // What predicts further tokens is not loaded.
        if let layer, layer >= layers.count, layer < layers.count + extraLayerCount { return }
        weightByteCount = weightByteCount.addingClamped(Int64(clamping: tensor.byteCount))
        parameterCount = parameterCount.addingClamped(Int64(clamping: tensor.elementCount))
        let isMatrix = tensor.dimensions.count > 1 && tensor.dimensions[1].isMultiple(of: 8)
        if let layer, layers.indices.contains(layer) {
            let isExpert = tensor.name.contains("_exps.") || tensor.name.contains("_chexps.")
            layers[layer].weights.add(
                tensor, isExpert: isExpert, isMatrix: isMatrix && tensor.name.hasSuffix(".weight"))
            layers[layer].largestByteCount = max(layers[layer].largestByteCount, Int64(clamping: tensor.byteCount))
        } else if tensor.name.hasPrefix("output") || tensor.name.hasPrefix("cls") {
            outputWeights.add(tensor, isExpert: false, isMatrix: isMatrix)
        } else {
            inputWeights.add(tensor, isExpert: false, isMatrix: false)
        }
    }

    private static func layerIndex(_ name: String) -> Int? {
        guard name.hasPrefix("blk.") else { return nil }
        return name.dropFirst(4).split(separator: ".").first.flatMap { Int($0) }
    }

    /// Whether the output layer is the table of embeddings again: on another device that is a second copy.
    public var isTied: Bool { !outputWeights.contains { $0.isMatrix || $0.elementCount > Int64(embeddingLength) } }
}
