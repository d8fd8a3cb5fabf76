/// The vocabulary's lists must agree with each other and with the embedding. The engine indexes by them, and ends its
/// process on a repeated token or a byte token without a byte.
struct GGUFVocabularyCheck {
    let metadata: GGUFTypedMetadata
    let architecture: String
    let tensors: [GGUFTensorInfo]

    /// `tokenizer.ggml.model` of every kind that the engine knows, and what it needs.
    private static let withMerges: Set<String> = ["gpt2", "hybriddna", "whitespace", "gemma4"]
    private static let others: Set<String> = ["llama", "bert", "t5", "rwkv", "plamo2"]
    private static let none: Set<String> = ["no_vocab", "none"]

    private static let byteTokenType: Int32 = 6
    /// What converters write for “no such token”.
    private static let noToken = Int(UInt32.max)

    private static let specialTokens = [
        "bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "cls", "mask", "fim_pre", "fim_suf", "fim_mid",
        "fim_pad", "fim_rep", "fim_sep", "prefix", "suffix", "middle",
    ]

    func run() throws(GGUFError) {
        let kind = try metadata.requiredString("tokenizer.ggml.model")
        if Self.none.contains(kind) { return }
        guard Self.withMerges.contains(kind) || Self.others.contains(kind) else { throw .unknownTokenizer(kind) }

        guard let tokens = try metadata.array("tokenizer.ggml.tokens", of: [.string]) else {
            throw .missingKey("tokenizer.ggml.tokens")
        }
        guard tokens.count > 0 else { throw .emptyVocabulary }
        guard tokens.count <= GGUFLimits.tokens else {
            throw .vocabularyTooLarge(tokens: tokens.count, limit: GGUFLimits.tokens)
        }
        try checkCount("tokenizer.ggml.scores", of: [.float32, .int32], tokens.count)
        try checkTypes(of: tokens)
        if let twin = TokenIndex.firstDuplicate(in: tokens) {
            throw .duplicateToken(first: twin.first, second: twin.second)
        }
        if Self.withMerges.contains(kind) { try checkMerges() }
        try checkSpecialTokens(tokens.count)
        try checkEnds(kind, tokens.count)
        try checkEmbedding(tokens.count)
    }

    @discardableResult
    private func checkCount(_ key: String, of types: [GGUFValueType], _ tokens: Int) throws(GGUFError) -> GGUFArray? {
        guard let list = try metadata.array(key, of: types) else { return nil }
        guard list.count >= tokens else { throw .vocabularyCount(key: key, count: list.count, tokens: tokens) }
        return list
    }

    private func checkTypes(of tokens: GGUFArray) throws(GGUFError) {
        guard let types = try checkCount("tokenizer.ggml.token_type", of: [.int32], tokens.count) else { return }
        var failure: GGUFError?
        types.withUnsafeBytes { types in
            tokens.forEachString { index, text in
                let type = types.littleEndian(Int32.self, at: 4 * index)
                if !(0...6).contains(type) {
                    failure = .badTokenType(token: index, type: Int(type))
                } else if type == Self.byteTokenType && !Self.isByteToken(text) {
                    failure = .badByteToken(token: index, text: String(decoding: text.prefix(256), as: UTF8.self))
                }
                return failure == nil
            }
        }
        if let failure { throw failure }
    }

    /// Whether the text is `<0x`, two hexadecimal digits and `>`.
    private static func isByteToken(_ text: UnsafeRawBufferPointer) -> Bool {
        text.count == 6 && text.starts(with: "<0x".utf8) && text[5] == UInt8(ascii: ">")
            && [text[3], text[4]].allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20)
            }
    }

    private func checkMerges() throws(GGUFError) {
        guard let merges = try metadata.array("tokenizer.ggml.merges", of: [.string]) else {
            // Kimi K2's tokenizer works without.
            if try metadata.string("tokenizer.ggml.pre") == "kimi-k2" { return }
            throw .missingKey("tokenizer.ggml.merges")
        }
        var failure: GGUFError?
        merges.forEachString { index, text in
            // The first piece has at least one byte, which may itself be a space.
            let space = text.dropFirst().firstIndex(of: UInt8(ascii: " "))
            guard let space, space < text.count - 1 else {
                failure = .malformedMerge(index: index, text: String(decoding: text.prefix(256), as: UTF8.self))
                return false
            }
            return true
        }
        if let failure { throw failure }
    }

    private func checkSpecialTokens(_ tokens: Int) throws(GGUFError) {
        for name in Self.specialTokens {
            let key = "tokenizer.ggml.\(name)_token_id"
            guard let token = try metadata.unsigned32(key), token != Self.noToken else { continue }
            guard token < tokens else { throw .tokenOutOfRange(key: key, token: token, tokens: tokens) }
        }
    }

    /// The begin and end tokens that the engine assumes when the file names none; it ends its process when it has to
    /// add one that does not exist.
    private static let assumedEnds: [String: (begin: Int?, end: Int?)] = [
        "llama": (1, 2), "plamo2": (1, 2), "bert": (101, nil), "t5": (nil, 1), "rwkv": (nil, nil), "gemma4": (nil, nil),
    ]
    private static let withoutAssumedBegin: Set<String> = ["chatglm-bpe", "glm4", "glm5"]

    private func checkEnds(_ kind: String, _ tokens: Int) throws(GGUFError) {
        var assumed = Self.assumedEnds[kind] ?? (11, 11)
        if Self.withoutAssumedBegin.contains(try metadata.string("tokenizer.ggml.pre") ?? "") { assumed.begin = nil }
        for (name, token) in [("bos", assumed.begin), ("eos", assumed.end)] {
            guard try metadata.bool("tokenizer.ggml.add_\(name)_token") == true else { continue }
            let key = "tokenizer.ggml.\(name)_token_id"
            let own = try metadata.unsigned32(key)
            guard [own, token].contains(where: { $0.map { $0 < tokens } ?? false }) else { throw .missingKey(key) }
        }
    }

    private func checkEmbedding(_ tokens: Int) throws(GGUFError) {
        guard !GGUFArchitectures.drafts.contains(architecture) else { return }
        for tensor in tensors where tensor.name == "token_embd.weight" {
            let rows = tensor.dimensions.count > 1 ? tensor.dimensions[1] : 1
            guard rows == UInt64(tokens) else {
                throw .embeddingRows(tensor: tensor.name, rows: rows, tokens: tokens)
            }
        }
    }
}
