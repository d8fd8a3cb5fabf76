import ModelFormats

extension TinyModel {
    /// The kinds of projectors that ``visionProjector(_:seed:)`` makes.
    public enum Projector: String, Sendable, CaseIterable {
        /// For ``gemma3(chatTemplate:contextLength:seed:)``: pictures of one size, whose tokens see each other.
        case gemma3
        /// For ``qwen2vl(contextLength:seed:)``: pictures of any size, with positions in two dimensions.
        case qwen2vl = "qwen2vl_merger"
    }

    /// A projector (mmproj) that the engine runs: a vision transformer of 2 layers over patches of 8 × 8 pixels.
    public static func visionProjector(_ kind: Projector, seed: UInt64 = 40) -> TinyModel {
        let (width, inner, side, patch): (UInt64, UInt64, UInt64, UInt64) = (48, 96, 64, 8)
        let text: UInt64 = 64
        func weight(_ name: String, _ dimensions: [UInt64]) -> TinyTensor {
            TinyTensor(name: name + ".weight", dimensions: dimensions, type: .f16)
        }
        func norm(_ name: String) -> [TinyTensor] {
            [
                TinyTensor(name: name + ".weight", dimensions: [width], content: .constant(1)),
                TinyTensor(name: name + ".bias", dimensions: [width], content: .random(scale: 0.1)),
            ]
        }
        func bias(_ name: String, _ count: UInt64) -> TinyTensor {
            TinyTensor(name: name + ".bias", dimensions: [count], content: .random(scale: 0.1))
        }
        var tensors = [weight("v.patch_embd", [patch, patch, 3, width])] + norm("v.post_ln")
        for layer in 0..<2 {
            let block = "v.blk.\(layer)."
            tensors += norm(block + "ln1") + norm(block + "ln2")
            for name in ["attn_q", "attn_k", "attn_v", "attn_out"] {
                tensors += [weight(block + name, [width, width]), bias(block + name, width)]
            }
            tensors += [
                weight(block + "ffn_up", [width, inner]), bias(block + "ffn_up", inner),
                weight(block + "ffn_down", [inner, width]), bias(block + "ffn_down", width),
            ]
        }
        switch kind {
        case .gemma3:
            let patches = (side / patch) * (side / patch)
            tensors += [
                bias("v.patch_embd", width),
                TinyTensor(name: "v.position_embd.weight", dimensions: [width, patches]),
                TinyTensor(name: "mm.input_projection.weight", dimensions: [text, width], content: .random(scale: 8)),
                TinyTensor(name: "mm.soft_emb_norm.weight", dimensions: [width], content: .constant(1)),
            ]
        case .qwen2vl:
            tensors += [
                TinyTensor(name: "v.patch_embd.weight.1", dimensions: [patch, patch, 3, width], type: .f16),
                weight("mm.0", [4 * width, inner]), bias("mm.0", inner), weight("mm.2", [inner, text]),
                bias("mm.2", text),
            ]
        }
        return TinyModel(
            metadata: [
                ("general.architecture", .string("clip")), ("general.type", .string("mmproj")),
                ("clip.has_vision_encoder", .bool(true)), ("clip.projector_type", .string(kind.rawValue)),
                ("clip.use_gelu", .bool(true)), ("clip.vision.image_size", .uint32(UInt32(side))),
                ("clip.vision.patch_size", .uint32(UInt32(patch))),
                ("clip.vision.embedding_length", .uint32(UInt32(width))),
                ("clip.vision.feed_forward_length", .uint32(UInt32(inner))),
                ("clip.vision.projection_dim", .uint32(UInt32(text))), ("clip.vision.block_count", .uint32(2)),
                ("clip.vision.attention.head_count", .uint32(3)),
                ("clip.vision.attention.layer_norm_epsilon", .float32(1e-6)),
                ("clip.vision.projector.scale_factor", .uint32(2)),
                ("clip.vision.image_mean", .array(GGUFArray([Float(0.5), 0.5, 0.5]))),
                ("clip.vision.image_std", .array(GGUFArray([Float(0.5), 0.5, 0.5]))),
            ], tensors: tensors, seed: seed)
    }
}
