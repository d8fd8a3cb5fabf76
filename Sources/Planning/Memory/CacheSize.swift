public import Inference

/// The bytes that a context keeps for its tokens and sequences, as llama.cpp allocates them (llama-kv-cache.cpp,
/// llama-kv-cache-iswa.cpp, llama-memory-recurrent.cpp), in one buffer that all sequences share.
public struct CacheSize: Sendable, Hashable {
    /// Tokens that layers without a window keep, of all sequences together.
    public let cellCount: Int
    /// Tokens that layers with a window keep; 0 when there are none.
    public let windowCellCount: Int
    /// Bytes of each layer.
    public let layers: [Int64]

    /// All of it.
    public var byteCount: Int64 { layers.reduce(0) { $0.addingClamped($1) } }

    /// Caches are padded to this many cells.
    static let padding = 256

    /// The cache of a model in a context.
    public init(of geometry: ModelGeometry, in context: ContextSize, keys: KVCacheType, values: KVCacheType) {
        let cells = Self.padded(max(1, context.cellCount))
        let window = Double(geometry.windowLength) * Double(context.sequenceCount) + Double(context.microBatchSize)
        let windowCells = Self.padded(Int(min(Double(cells), window)))
        cellCount = geometry.hasMemory ? cells : 0
        windowCellCount = geometry.hasMemory && geometry.windowLength > 0 ? min(windowCells, cells) : 0
        let counts = (all: Double(cellCount), window: Double(windowCellCount))
        layers = geometry.layers.map { layer in
            guard geometry.hasMemory else { return 0 }
            let perToken =
                Double(layer.keyWidth) * keys.byteCountPerValue + Double(layer.valueWidth) * values.byteCountPerValue
                + Double(layer.indexLength) * keys.byteCountPerValue
            let states = Double(layer.convolutionCount + layer.stateCount) * 4 * Double(context.sequenceCount)
            return Int64(bytes: (layer.isSliding ? counts.window : counts.all) * perToken + states)
        }
    }

    static func padded(_ count: Int) -> Int { (count + padding - 1) / padding * padding }
}
