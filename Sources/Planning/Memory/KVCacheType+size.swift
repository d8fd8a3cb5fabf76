public import Inference
import ModelFormats

extension KVCacheType {
    /// The same type as model files know it.
    var fileType: GGMLType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        case .q5_1: .q5_1
        case .q5_0: .q5_0
        case .q4_1: .q4_1
        case .q4_0: .q4_0
        }
    }

    /// Bytes of one value, on average over a block.
    public var byteCountPerValue: Double { Double(fileType.blockByteCount) / Double(fileType.blockElementCount) }

    /// Whether values are kept in blocks, with a loss.
    public var isQuantized: Bool { fileType.blockElementCount > 1 }
}

extension ModelGeometry {
    /// Whether the engine can keep keys and values in this type: a head is a whole number of blocks.
    public func allows(_ type: KVCacheType) -> Bool {
        let block = Int(type.fileType.blockElementCount)
        return layers.allSatisfy {
            $0.keyWidth == 0 || ($0.keyLength.isMultiple(of: block) && $0.valueLength.isMultiple(of: block))
        }
    }
}
