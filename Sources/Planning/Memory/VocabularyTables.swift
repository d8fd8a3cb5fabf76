import ModelFormats

/// What the engine keeps of a vocabulary in RAM, by the lists of a header: for headers whose vocabulary the engine does
/// not get to see.
///
/// Source: `llama_vocab::impl` of llama.cpp (src/llama-vocab.cpp) as GCC's library on 64 bits has its containers.
struct VocabularyTables {
    /// Kinds whose tables are the ones below; the others build more.
    static let kinds: Set<String> = ["llama", "gpt2", "gemma4", "bert"]
    /// The lists that only the vocabulary is made of.
    static let keys = ["tokens", "scores", "token_type", "merges"].map { "tokenizer.ggml." + $0 }

    let tokenCount: Int
    /// Bytes beside one entry of its list for each token.
    let byteCount: Int64

    /// `nil` for a kind that is not known, and without a list of tokens.
    init?(_ metadata: GGUFMetadata) {
        guard let kind = metadata.string("tokenizer.ggml.model"), Self.kinds.contains(kind),
            let tokens = metadata.array("tokenizer.ggml.tokens"), tokens.elementType == .string
        else { return nil }
        tokenCount = tokens.count
        // The token in its list, as the key of its number, and as the text that it stands for.
        var count = Self.buckets(tokens.count) + Int64(tokens.count) * (Self.chunk(56) + 32)
        tokens.forEachString { _, text in
            count += 3 * Self.string(text.count)
            return true
        }
        let isBytePairs = kind == "gpt2" || kind == "gemma4"
        if isBytePairs { count += Self.codePointByteCount }
        if isBytePairs, let merges = metadata.array("tokenizer.ggml.merges") {
            count += Self.buckets(merges.count) + Int64(merges.count) * Self.chunk(88)
            merges.forEachString { _, text in
                // In two parts, at the first space behind the first byte.
                guard let space = text.dropFirst().firstIndex(of: UInt8(ascii: " ")) else { return true }
                count += Self.string(space) + Self.string(text.count - space - 1)
                return true
            }
        }
        byteCount = count
    }

    /// Two bytes for each code point of Unicode, once a text was cut in words (src/unicode.cpp).
    private static let codePointByteCount: Int64 = 0x110000 * 2

    /// What malloc takes for so many bytes.
    private static func chunk(_ byteCount: Int) -> Int64 { Int64(max(32, (byteCount + 8 + 15) / 16 * 16)) }

    /// A string beside the object: up to 15 bytes are within.
    private static func string(_ byteCount: Int) -> Int64 { byteCount <= 15 ? 0 : chunk(byteCount + 1) }

    /// A hash table grows to the next prime behind twice its size: between one and two pointers for each entry.
    private static func buckets(_ count: Int) -> Int64 { Int64(count) * 12 }
}
