import CLlama
import Foundation
import Inference
import LlamaBridge

/// What the engine itself says that a load would take.
struct EngineFigures: Sendable, CustomStringConvertible {
    let weights: Int64
    let context: Int64
    let compute: Int64

    var total: Int64 { weights + context + compute }
    var description: String { "weights \(weights), context \(context), compute \(compute)" }

    struct Refused: Error {}

    /// As Roost makes contexts: one buffer for all sequences.
    init(
        file: URL, cells: Int, sequences: Int, outputs: Int, options: LoadOptions, isEmbedding: Bool = false
    ) throws {
        roost_engine_start()
        var model = llama_model_default_params()
        model.n_gpu_layers = 0
        var context = llama_context_default_params()
        context.n_ctx = UInt32(cells)
        context.n_batch = UInt32(options.batchSize)
        context.n_ubatch = UInt32(options.microBatchSize)
        context.n_seq_max = UInt32(sequences)
        context.n_outputs_max = UInt32(outputs)
        context.kv_unified = true
        context.swa_full = false
        context.embeddings = isEmbedding
        context.type_k = Self.type(options.keyCacheType)
        context.type_v = Self.type(options.valueCacheType)
        context.flash_attn_type =
            options.flashAttention == .off ? LLAMA_FLASH_ATTN_TYPE_DISABLED : LLAMA_FLASH_ATTN_TYPE_AUTO
        var memory = roost_memory()
        let isKnown = file.path.withCString { path in
            var paths: [UnsafePointer<CChar>?] = [path]
            return roost_memory_estimate(&paths, 1, &model, &context, &memory)
        }
        guard isKnown else { throw Refused() }
        weights = Int64(memory.model)
        self.context = Int64(memory.context)
        compute = Int64(memory.compute)
    }

    private static func type(_ type: KVCacheType) -> ggml_type {
        switch type {
        case .q8_0: GGML_TYPE_Q8_0
        case .q4_0: GGML_TYPE_Q4_0
        case .f32: GGML_TYPE_F32
        default: GGML_TYPE_F16
        }
    }
}
