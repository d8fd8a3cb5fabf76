import CLlama

extension LoadOptions {
    /// The context length when none is asked for: what the model was trained for, at most this.
    public static let defaultContextLength = 8192

    func resolvedContextLength(trained: Int) -> Int {
        contextLength ?? min(trained > 0 ? trained : Self.defaultContextLength, Self.defaultContextLength)
    }
}

extension FlashAttention {
    var engineType: llama_flash_attn_type {
        switch self {
        case .auto: LLAMA_FLASH_ATTN_TYPE_AUTO
        case .on: LLAMA_FLASH_ATTN_TYPE_ENABLED
        case .off: LLAMA_FLASH_ATTN_TYPE_DISABLED
        }
    }
}

extension KVCacheType {
    var engineType: ggml_type {
        switch self {
        case .f32: GGML_TYPE_F32
        case .f16: GGML_TYPE_F16
        case .bf16: GGML_TYPE_BF16
        case .q8_0: GGML_TYPE_Q8_0
        case .q5_1: GGML_TYPE_Q5_1
        case .q5_0: GGML_TYPE_Q5_0
        case .q4_1: GGML_TYPE_Q4_1
        case .q4_0: GGML_TYPE_Q4_0
        }
    }

    /// Bytes of one value, on average over a block.
    var bytesPerValue: Double {
        Double(ggml_type_size(engineType)) / Double(ggml_blck_size(engineType))
    }
}
