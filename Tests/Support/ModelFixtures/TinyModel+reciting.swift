import ModelFormats

extension TinyModel {
    /// GPT-2 that says by heart what it is given: whatever came before, the token behind position `start + n - 1` is
    /// `tokens[n]`, by so much that neither sampling nor a machine's way to compute changes it. Byte-level BPE
    /// vocabulary of ``qwen2(chatTemplate:contextLength:seed:)``. One layer that adds nothing.
    ///
    /// - Parameters:
    ///   - tokens: At most 512.
    ///   - start: Tokens before, at least 1.
    ///   - room: Tokens that the context has behind the answer.
    public static func reciting(
        _ tokens: [Int32], from start: Int, room: Int = 8, chatTemplate: String? = nil
    ) -> TinyModel {
        let vocabulary = TinyVocabulary.bytePairs()
        let width = 512
        let (columns, count) = (UInt64(width), UInt64(vocabulary.count))
        let contextLength = start + tokens.count + room
        // A position is the direction that its remainder names; a token lies in those of the positions before it.
        let places = (0..<contextLength).map { $0 * width + $0 % width }
        let said = tokens.enumerated().map { Int($1) * width + (start - 1 + $0) % width }
        func zero(_ name: String, _ dimensions: UInt64...) -> TinyTensor {
            TinyTensor(name: name, dimensions: dimensions, content: .ones(at: []))
        }
        let inner: UInt64 = 32
        return model(
            "gpt2", title: "Tiny reciter", vocabulary,
            [
                zero("token_embd.weight", columns, count),
                TinyTensor(
                    name: "position_embd.weight", dimensions: [columns, UInt64(contextLength)],
                    content: .ones(at: places)),
                norm("output_norm.weight", columns), zero("output_norm.bias", columns),
                TinyTensor(name: "output.weight", dimensions: [columns, count], content: .ones(at: said)),
                norm("blk.0.attn_norm.weight", columns), zero("blk.0.attn_norm.bias", columns),
                zero("blk.0.attn_qkv.weight", columns, 3 * columns), zero("blk.0.attn_qkv.bias", 3 * columns),
                zero("blk.0.attn_output.weight", columns, columns), zero("blk.0.attn_output.bias", columns),
                norm("blk.0.ffn_norm.weight", columns), zero("blk.0.ffn_norm.bias", columns),
                zero("blk.0.ffn_up.weight", columns, inner), zero("blk.0.ffn_up.bias", inner),
                zero("blk.0.ffn_down.weight", inner, columns), zero("blk.0.ffn_down.bias", columns),
            ], chatTemplate, UInt32(contextLength), 0,
            width: columns, feedForward: inner, headCount: 8, layerCount: 1, keyValueHeads: 8,
            extra: [("attention.layer_norm_epsilon", .float32(1e-5))])
    }
}
