import ModelFormats

extension TinyModel {
    /// The model in `count` parts, as llama-gguf-split cuts it: metadata in the first, tensors in all.
    public func parts(_ count: Int) -> [TinyModel] {
        let size = (tensors.count + count - 1) / max(1, count)
        return (0..<count).map { number in
            let range = min(number * size, tensors.count)..<min((number + 1) * size, tensors.count)
            var part = TinyModel(
                metadata: number == 0 ? metadata : [], tensors: Array(tensors[range]), seed: seed,
                firstTensorIndex: firstTensorIndex + range.lowerBound)
            part["split.no"] = .uint16(UInt16(number))
            part["split.count"] = .uint16(UInt16(count))
            part["split.tensors.count"] = .int32(Int32(tensors.count))
            return part
        }
    }

    /// Its metadata alone, as the first part of a model whose parts hold tensors from the second on.
    public var withoutTensors: TinyModel { TinyModel(metadata: metadata, tensors: [], seed: seed) }

    /// A projector (mmproj) by its metadata, with one tensor: sound as a file, of no use to the engine.
    public static func projector(seed: UInt64 = 30) -> TinyModel {
        TinyModel(
            metadata: [
                ("general.architecture", .string("clip")), ("general.type", .string("mmproj")),
                ("clip.has_vision_encoder", .bool(true)), ("clip.projector_type", .string("mlp")),
            ], tensors: [TinyTensor(name: "v.patch_embd.weight", dimensions: [32, 4])], seed: seed)
    }

    /// A LoRA adapter by its metadata, with one pair of tensors.
    public static func adapter(architecture: String = "llama", seed: UInt64 = 31) -> TinyModel {
        TinyModel(
            metadata: [
                ("general.architecture", .string(architecture)), ("general.type", .string("adapter")),
                ("adapter.type", .string("lora")), ("adapter.lora.alpha", .float32(8)),
            ],
            tensors: [
                TinyTensor(name: "blk.0.attn_q.weight.lora_a", dimensions: [64, 4]),
                TinyTensor(name: "blk.0.attn_q.weight.lora_b", dimensions: [4, 64]),
            ], seed: seed)
    }
}
