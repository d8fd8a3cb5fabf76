import ModelFixtures
import ModelFormats

/// A valid model of 2 kB, for tests that need many.
enum SmallModel {
    static func bytes() throws -> [UInt8] {
        var writer = try GGUFWriter()
        let tokens = ["<unk>", "<s>", "</s>", "<0x41>", "a", "b", "ab", "▁a"]
        writer.set("general.architecture", .string("llama"))
        writer.set("general.name", .string("Small"))
        writer.set("general.file_type", .uint32(7))
        writer.set("llama.block_count", .uint32(1))
        writer.set("llama.context_length", .uint32(64))
        writer.set("llama.embedding_length", .uint32(32))
        writer.set("llama.feed_forward_length", .array(GGUFArray([UInt32(64)])))
        writer.set("llama.attention.head_count", .uint32(4))
        writer.set("llama.attention.head_count_kv", .uint32(2))
        writer.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        writer.set("tokenizer.ggml.model", .string("llama"))
        writer.set("tokenizer.ggml.tokens", .array(GGUFArray(tokens)))
        writer.set("tokenizer.ggml.scores", .array(GGUFArray(tokens.indices.map { -Float($0) })))
        writer.set("tokenizer.ggml.token_type", .array(GGUFArray([Int32(2), 3, 3, 6, 1, 1, 1, 1])))
        writer.set("tokenizer.ggml.bos_token_id", .uint32(1))
        writer.set("tokenizer.ggml.eos_token_id", .uint32(2))
        writer.set("tokenizer.ggml.add_bos_token", .bool(true))
        writer.set("tokenizer.chat_template", .string("{{ messages[0]['content'] }}"))
        try writer.addTensor("token_embd.weight", dimensions: [32, UInt64(tokens.count)], type: .q8_0)
        try writer.addTensor("output_norm.weight", dimensions: [32], type: .f32)
        try writer.addTensor("output.weight", dimensions: [32, UInt64(tokens.count)], type: .bf16)
        return try writer.bytes { tensor, sink in
            try [UInt8](repeating: 0x11, count: Int(tensor.byteCount)).withUnsafeBytes(sink)
        }
    }
}

extension GGUFReader {
    /// The header of a file that is all there.
    static func wholeHeader(of bytes: [UInt8]) throws -> GGUFHeader? {
        switch try header(from: bytes, fileByteCount: UInt64(bytes.count)) {
        case .complete(let header): header
        case .needsMore: nil
        }
    }
}
