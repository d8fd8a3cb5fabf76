import ModelFixtures
import ModelFormats

extension HostileFile {
    static let hyperparameters: [HostileFile] = [
        changed("no architecture", .missingKey("general.architecture"), ["general.architecture": nil]),
        changed(
            "architecture that is a number",
            .wrongValueType(key: "general.architecture", found: "uint32", expected: "string"),
            ["general.architecture": .uint32(1)]),
        changed(
            "unknown architecture", .unknownArchitecture("llama99"), ["general.architecture": .string("llama99")]),
        changed("no layer count", .missingKey("llama.block_count"), ["llama.block_count": nil]),
        changed(
            "0 layers", .valueOutOfRange(key: "llama.block_count", value: 0, allowed: 1...512),
            ["llama.block_count": .uint32(0)]),
        changed(
            "513 layers", .valueOutOfRange(key: "llama.block_count", value: 513, allowed: 1...512),
            ["llama.block_count": .uint32(513)]),
        changed(
            "layer count of 64 bits",
            .wrongValueType(key: "llama.block_count", found: "uint64", expected: "uint32"),
            ["llama.block_count": .uint64(2)]),
        changed(
            "context of 0 tokens", .valueOutOfRange(key: "llama.context_length", value: 0, allowed: 1...(1 << 28)),
            ["llama.context_length": .uint32(0)]),
        changed("no embedding length", .missingKey("llama.embedding_length"), ["llama.embedding_length": nil]),
        changed(
            "embedding length of 2^32−1",
            .valueOutOfRange(key: "llama.embedding_length", value: 0xFFFF_FFFF, allowed: 1...(1 << 18)),
            ["llama.embedding_length": .uint32(.max)]),
        changed(
            "0 attention heads",
            .valueOutOfRange(key: "llama.attention.head_count", value: 0, allowed: 1...(1 << 14)),
            ["llama.attention.head_count": .uint32(0), "llama.attention.head_count_kv": .uint32(0)]),
        changed(
            "0 key-value heads",
            .valueOutOfRange(key: "llama.attention.head_count_kv", value: 0, allowed: 1...(1 << 14)),
            ["llama.attention.head_count_kv": .uint32(0)]),
        changed(
            "heads that key-value heads do not divide", .headsNotDivisible(layer: 0, heads: 2, keyValueHeads: 3),
            ["llama.attention.head_count_kv": .uint32(3)]),
        changed(
            "list for another number of layers",
            .perLayerCount(key: "llama.attention.head_count_kv", count: 3, layers: 2),
            ["llama.attention.head_count_kv": .array(GGUFArray([UInt32(1), 1, 1]))]),
        changed(
            "list of the wrong type",
            .wrongValueType(
                key: "llama.attention.head_count", found: "array of float32", expected: "array of uint32 or int32"),
            ["llama.attention.head_count": .array(GGUFArray([Float(2), 2]))]),
        changed(
            "more experts than the engine holds",
            .valueOutOfRange(key: "llama.expert_count", value: 1025, allowed: 0...1024),
            ["llama.expert_count": .uint32(1025)]),
        changed(
            "more experts used than there are", .expertsUsedExceedExperts(used: 8, experts: 4),
            ["llama.expert_count": .uint32(4), "llama.expert_used_count": .uint32(8)]),
        changed(
            "epsilon that is no number", .notFinite(key: "llama.attention.layer_norm_rms_epsilon"),
            ["llama.attention.layer_norm_rms_epsilon": .float32(.nan)]),
        changed(
            "experts that groups do not divide", .badExpertGroups(groups: 3, used: 1, experts: 4),
            [
                "llama.expert_count": .uint32(4), "llama.expert_used_count": .uint32(2),
                "llama.expert_group_count": .uint32(3), "llama.expert_group_used_count": .uint32(1),
            ]),
        changed(
            "unknown rope scaling", .unknownRopeScaling("x"), ["llama.rope.scaling.type": .string("x")]),
        changed(
            "negative epsilon", .negative(key: "llama.attention.layer_norm_rms_epsilon", value: -1),
            ["llama.attention.layer_norm_rms_epsilon": .float32(-1)]),
        changed(
            "part 3 of 3", .badSplit(number: 3, count: 3),
            ["split.no": .uint16(3), "split.count": .uint16(3)]),
        changed(
            "part with more tensors than the whole", .splitTensorCount(declared: 1, found: 21),
            ["split.no": .uint16(0), "split.count": .uint16(2), "split.tensors.count": .int32(1)]),
    ]

    static let vocabulary: [HostileFile] = [
        changed("no tokenizer", .missingKey("tokenizer.ggml.model"), ["tokenizer.ggml.model": nil]),
        changed("unknown tokenizer", .unknownTokenizer("magic"), ["tokenizer.ggml.model": .string("magic")]),
        changed("no tokens", .missingKey("tokenizer.ggml.tokens"), ["tokenizer.ggml.tokens": nil]),
        changed("0 tokens", .emptyVocabulary, ["tokenizer.ggml.tokens": .array(GGUFArray([String]()))]),
        changed(
            "tokens that are numbers",
            .wrongValueType(key: "tokenizer.ggml.tokens", found: "array of int32", expected: "array of string"),
            ["tokenizer.ggml.tokens": .array(GGUFArray([Int32(1), 2]))]),
        changed(
            "too few scores",
            .vocabularyCount(key: "tokenizer.ggml.scores", count: 3, tokens: tokens.count),
            ["tokenizer.ggml.scores": .array(GGUFArray([Float(0), 1, 2]))]),
        changed(
            "too few token types",
            .vocabularyCount(key: "tokenizer.ggml.token_type", count: 1, tokens: tokens.count),
            ["tokenizer.ggml.token_type": .array(GGUFArray([Int32(1)]))]),
        changed(
            "token type 7", .badTokenType(token: 300, type: 7),
            ["tokenizer.ggml.token_type": .array(GGUFArray(tokens.indices.map { Int32($0 == 300 ? 7 : 1) }))]),
        token("byte token without a byte", .badByteToken(token: 5, text: "<0x"), at: 5, "<0x"),
        token("byte token with other digits", .badByteToken(token: 5, text: "<0xZZ>"), at: 5, "<0xZZ>"),
        token(
            "token that is twice once cut at a zero byte", .duplicateToken(first: 262, second: 401), at: 401,
            tokens[262] + "\0x"),
        token(
            "token with the engine's name for an empty one", .duplicateToken(first: 300, second: 402), at: 300, "",
            at: 402, "[EMPTY_300]"),
        token("token twice", .duplicateToken(first: 261, second: 400), at: 400, tokens[261]),
        changed(
            "begin token outside the vocabulary",
            .tokenOutOfRange(key: "tokenizer.ggml.bos_token_id", token: tokens.count, tokens: tokens.count),
            ["tokenizer.ggml.bos_token_id": .uint32(UInt32(tokens.count))]),
        changed(
            "end token of a signed type",
            .wrongValueType(key: "tokenizer.ggml.eos_token_id", found: "int32", expected: "uint32"),
            ["tokenizer.ggml.eos_token_id": .int32(-5)]),
        changed(
            "embedding for another vocabulary",
            .embeddingRows(tensor: "token_embd.weight", rows: UInt64(tokens.count), tokens: tokens.count - 1),
            ["tokenizer.ggml.tokens": .array(GGUFArray(tokens.dropLast()))]),
        changed(
            "chat template of 300 kB",
            .chatTemplateTooLong(key: "tokenizer.chat_template", byteCount: 300_000, limit: 262_144),
            ["tokenizer.chat_template": .string(String(repeating: "x", count: 300_000))]),
        HostileFile("begin token to add that does not exist", .missingKey("tokenizer.ggml.bos_token_id")) {
            try model(
                .qwen2(),
                [
                    "tokenizer.ggml.pre": .string("glm4"), "tokenizer.ggml.bos_token_id": nil,
                    "tokenizer.ggml.add_bos_token": .bool(true),
                ])
        },
        HostileFile("no merges", .missingKey("tokenizer.ggml.merges")) {
            try model(.qwen2(), ["tokenizer.ggml.merges": nil])
        },
        HostileFile("merge of one piece", .malformedMerge(index: 1, text: "ab")) {
            try model(.qwen2(), ["tokenizer.ggml.merges": .array(GGUFArray(["a b", "ab"]))])
        },
        HostileFile("merge with an empty piece", .malformedMerge(index: 0, text: "a ")) {
            try model(.qwen2(), ["tokenizer.ggml.merges": .array(GGUFArray(["a "]))])
        },
    ]

    /// The tokens of the tiny Llama.
    static let tokens = TinyModel.llama()["tokenizer.ggml.tokens"]?.arrayValue?.strings ?? []

    private static func changed(
        _ name: String, _ error: GGUFError, _ changes: KeyValuePairs<String, GGUFValue?>
    ) -> HostileFile {
        let changes = changes.map { ($0.key, $0.value) }
        return HostileFile(name, error) {
            var model = TinyModel.llama()
            for (key, value) in changes { model[key] = value }
            return try model.bytes()
        }
    }

    private static func token(
        _ name: String, _ error: GGUFError, at index: Int, _ text: String, at other: Int? = nil, _ second: String = ""
    ) -> HostileFile {
        var changed = tokens
        changed[index] = text
        if let other { changed[other] = second }
        return self.changed(name, error, ["tokenizer.ggml.tokens": .array(GGUFArray(changed))])
    }

    private static func model(_ model: TinyModel, _ changes: [String: GGUFValue?]) throws -> [UInt8] {
        var model = model
        for (key, value) in changes { model[key] = value }
        return try model.bytes()
    }
}
