extension ModelCapability {
    /// Architectures that only turn text into vectors.
    private static let encoders: Set<String> = [
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert",
        "t5encoder", "gemma-embedding", "llama-embed",
    ]

    /// Architectures that continue no text by themselves: projectors, codecs, helpers of another model.
    private static let companions: Set<String> = ["clip", "wavtokenizer-dec", "eagle3", "dflash", "gemma4-assistant"]

    /// Marks in a chat template of models that reason before they answer.
    private static let thinkingMarks = ["<think>", "enable_thinking", "reasoning_content", "<|channel|>", "thinking"]

    /// `pooling_type` of models whose output is no embedding: none, and a rank for reranking.
    private static let poolingWithoutEmbedding: Set<Int> = [0, 4]

    static func guess(architecture: String, header: GGUFHeader) -> [ModelCapability] {
        let metadata = header.metadata
        var found: [ModelCapability] = []
        let pooling = metadata.integer("\(architecture).pooling_type")
        let embeds = pooling.map { !poolingWithoutEmbedding.contains($0) } ?? encoders.contains(architecture)
        let generates =
            !encoders.contains(architecture) && !companions.contains(architecture) && architecture != "unknown"
            && !header.tensors.isEmpty && !(embeds && metadata["\(architecture).attention.causal"] == .bool(false))
        if generates { found.append(.completion) }
        if generates, let template = metadata.string("tokenizer.chat_template") {
            found.append(.chat)
            if template.contains("tools") || template.contains("tool_calls") { found.append(.tools) }
            if thinkingMarks.contains(where: template.contains) { found.append(.thinking) }
        }
        if generates && fillsIn(metadata) { found.append(.insert) }
        if seesImages(header) { found.append(.vision) }
        if embeds { found.append(.embedding) }
        return found
    }

    /// Whether the vocabulary has the three marks of fill-in-the-middle, under the current or the older names.
    private static func fillsIn(_ metadata: GGUFMetadata) -> Bool {
        let current = ["fim_pre_token_id", "fim_suf_token_id", "fim_mid_token_id"]
        let older = ["prefix_token_id", "suffix_token_id", "middle_token_id"]
        return [current, older].contains { names in
            names.allSatisfy { metadata.type(of: "tokenizer.ggml." + $0) != nil }
        }
    }

    private static func seesImages(_ header: GGUFHeader) -> Bool {
        header.metadata["clip.has_vision_encoder"] == .bool(true)
            || header.tensors.contains { $0.name.hasPrefix("v.patch_embd") || $0.name.hasPrefix("v.blk.") }
    }
}
