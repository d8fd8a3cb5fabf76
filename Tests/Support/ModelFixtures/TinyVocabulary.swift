import ModelFormats

/// A small real vocabulary: every text can be tokenised, because every byte has a token.
public struct TinyVocabulary: Sendable {
    /// Words that have a token of their own.
    static let words = [
        "the", "of", "and", "to", "in", "is", "you", "that", "it", "he", "was", "for", "on", "are", "as", "with", "his",
        "they", "at", "be", "this", "have", "from", "or", "one", "had", "by", "word", "but", "not", "what", "all",
        "were", "we", "when", "your", "can", "said", "there", "use", "each", "which", "she", "do", "how", "their", "if",
        "will", "up", "other", "about", "out", "many", "then", "them", "hello", "world", "model", "light", "water",
    ]
    static let characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"()-/+*=<>_\n".map(
        String.init)

    /// The metadata that describes the vocabulary.
    public let metadata: [(key: String, value: GGUFValue)]
    /// The number of tokens.
    public let count: Int
    /// Tokens that a test does not want to be generated: unknown, begin, end and the chat marks.
    public let controlTokens: [Int]

    /// SentencePiece with byte tokens, as Llama 2 and Gemma have it. `marks` become control tokens; the first of
    /// `endMarks` is the end of a turn.
    /// `padded` has more tokens that no text is made of, up to so many.
    static func sentencePiece(gemma: Bool, padded: Int = 0) -> TinyVocabulary {
        let specials = gemma ? ["<pad>", "<eos>", "<bos>", "<unk>"] : ["<unk>", "<s>", "</s>"]
        let marks =
            gemma ? ["<start_of_turn>", "<end_of_turn>"] : ["<|im_start|>", "<|im_end|>"]
        var tokens = specials + marks
        var types = specials.map { $0 == "<unk>" ? 2 : 3 } + marks.map { _ in 3 }
        let control = Array(0..<tokens.count)
        for byte in 0...255 {
            let hex = String(byte, radix: 16, uppercase: true)
            tokens.append("<0x" + (hex.count == 1 ? "0" : "") + hex + ">")
            types.append(6)
        }
        var known = Set(tokens)
        func add(_ piece: String) {
            guard known.insert(piece).inserted else { return }
            tokens.append(piece)
            types.append(1)
        }
        // Every prefix too: SentencePiece's merges join two pieces at a time.
        add("▁")
        for word in words {
            var prefix = "▁"
            for character in word {
                prefix.append(character)
                add(prefix)
            }
        }
        characters.forEach(add)
        while tokens.count < padded { add("▁filler\(tokens.count)") }
        let scores = tokens.indices.map { types[$0] == 1 ? -Float($0) : 0 }
        let ids: [(String, UInt32)] =
            gemma
            ? [("bos", 2), ("eos", 1), ("unknown", 3), ("padding", 0), ("eot", 5)]
            : [("bos", 1), ("eos", 2), ("unknown", 0), ("eot", 4)]
        return TinyVocabulary(
            metadata: [
                ("tokenizer.ggml.model", .string("llama")),
                ("tokenizer.ggml.pre", .string("default")),
                ("tokenizer.ggml.tokens", .array(GGUFArray(tokens))),
                ("tokenizer.ggml.scores", .array(GGUFArray(scores))),
                ("tokenizer.ggml.token_type", .array(GGUFArray(types.map(Int32.init)))),
                ("tokenizer.ggml.add_bos_token", .bool(true)),
                ("tokenizer.ggml.add_space_prefix", .bool(!gemma)),
            ] + ids.map { ("tokenizer.ggml.\($0.0)_token_id", .uint32($0.1)) },
            count: tokens.count, controlTokens: control)
    }

    /// Byte-level BPE, as GPT-2, Qwen and Llama 3 have it.
    /// `padded` has so many tokens, of merges of two or three letters.
    static func bytePairs(padded: Int = 0) -> TinyVocabulary {
        let letters = byteLetters
        var tokens = letters
        var known = Set(tokens)
        var merges: [String] = []
        for word in words {
            // "Ġ" stands for a space before the word.
            var left = letters[Int(UInt8(ascii: " "))]
            for byte in word.utf8 {
                let right = letters[Int(byte)]
                if known.insert(left + right).inserted {
                    tokens.append(left + right)
                    merges.append(left + " " + right)
                }
                left += right
            }
        }
        let marks = [
            "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        ]
        var left = 0
        while tokens.count < padded - marks.count {
            // Every token so far before every letter.
            let (token, letter) = (tokens[left / letters.count], letters[left % letters.count])
            left += 1
            guard known.insert(token + letter).inserted else { continue }
            tokens.append(token + letter)
            merges.append(token + " " + letter)
        }
        var types = tokens.map { _ in Int32(1) }
        let first = tokens.count
        tokens += marks
        types += marks.map { _ in 3 }
        func id(_ mark: Int) -> GGUFValue { .uint32(UInt32(first + mark)) }
        return TinyVocabulary(
            metadata: [
                ("tokenizer.ggml.model", .string("gpt2")),
                ("tokenizer.ggml.pre", .string("qwen2")),
                ("tokenizer.ggml.tokens", .array(GGUFArray(tokens))),
                ("tokenizer.ggml.token_type", .array(GGUFArray(types))),
                ("tokenizer.ggml.merges", .array(GGUFArray(merges))),
                ("tokenizer.ggml.bos_token_id", id(0)),
                ("tokenizer.ggml.eos_token_id", id(2)),
                ("tokenizer.ggml.padding_token_id", id(0)),
                ("tokenizer.ggml.fim_pre_token_id", id(3)),
                ("tokenizer.ggml.fim_mid_token_id", id(4)),
                ("tokenizer.ggml.fim_suf_token_id", id(5)),
                ("tokenizer.ggml.add_bos_token", .bool(false)),
            ],
            count: tokens.count, controlTokens: Array(first..<tokens.count))
    }

    /// WordPiece, as BERT has it ("▁" marks the start of a word in GGUF).
    /// `padded` has so many tokens.
    static func wordPieces(padded: Int = 0) -> TinyVocabulary {
        let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        var tokens = specials
        var known = Set(tokens)
        for piece in words.map({ "▁" + $0 }) + characters.flatMap({ ["▁" + $0, $0] }) where piece != "▁\n" {
            if known.insert(piece).inserted { tokens.append(piece) }
        }
        while tokens.count < padded { tokens.append("▁filler\(tokens.count)") }
        let types = tokens.indices.map { Int32($0 < specials.count ? 3 : 1) }
        return TinyVocabulary(
            metadata: [
                ("tokenizer.ggml.model", .string("bert")),
                ("tokenizer.ggml.pre", .string("default")),
                ("tokenizer.ggml.tokens", .array(GGUFArray(tokens))),
                ("tokenizer.ggml.token_type", .array(GGUFArray(types))),
                ("tokenizer.ggml.token_type_count", .uint32(2)),
                ("tokenizer.ggml.padding_token_id", .uint32(0)),
                ("tokenizer.ggml.unknown_token_id", .uint32(1)),
                ("tokenizer.ggml.cls_token_id", .uint32(2)),
                ("tokenizer.ggml.bos_token_id", .uint32(2)),
                ("tokenizer.ggml.seperator_token_id", .uint32(3)),
                ("tokenizer.ggml.mask_token_id", .uint32(4)),
            ],
            count: tokens.count, controlTokens: Array(0..<specials.count))
    }

    /// GPT-2's letters for the 256 bytes: printable ones stand for themselves, the others for U+0100 and up.
    private static let byteLetters: [String] = {
        var next: UInt32 = 256
        return (UInt32(0)...255).map { byte in
            let printable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            var scalar = byte
            if !printable {
                scalar = next
                next += 1
            }
            return Unicode.Scalar(scalar).map { String(Character($0)) } ?? ""
        }
    }()
}
