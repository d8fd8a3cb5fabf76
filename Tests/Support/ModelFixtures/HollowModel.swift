public import Foundation
public import ModelFormats

/// A model with the header of a real one and no weights: its file has the true size, all holes after the header, so
/// that 40 GB take some megabytes of disk.
public struct HollowModel: Sendable {
    /// The header, with the padding before the first tensor's data.
    public let header: [UInt8]
    /// The header alone, where the list of tensors ends.
    public let headerByteCount: Int
    /// The size of the whole file in bytes.
    public let byteCount: Int64

    /// A header from what a writer was told.
    public init(_ writer: GGUFWriter) throws {
        header = writer.headerBytes()
        let last = writer.tensors.last
        let data = (last?.offset ?? 0) + (last?.byteCount ?? 0)
        let mask = UInt64(writer.alignment) - 1
        byteCount = Int64(header.count) + Int64((data + mask) & ~mask)
        guard case .complete(let read) = try GGUFReader.header(from: header) else {
            throw GGUFError.truncated(needed: 0, available: UInt64(header.count))
        }
        headerByteCount = read.byteCount
    }

    /// Writes the file.
    public func write(to url: URL) throws {
        try Data(header).write(to: url)
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: UInt64(byteCount))
        try file.close()
    }

    /// The shape of Llama 3.3 70B at Q4_K_M: 80 layers, 8192 wide, 128,256 tokens, 280,147 merges; 42.5 GB.
    public static func llama70B() throws -> HollowModel { try llama70B(parts: 1)[0] }

    /// The same in parts, as llama-gguf-split cuts it: metadata in the first, tensors in all.
    public static func llama70B(parts count: Int) throws -> [HollowModel] {
        let tensors = self.tensors
        let size = (tensors.count + count - 1) / max(1, count)
        return try (0..<max(1, count)).map { number in
            var writer = try GGUFWriter()
            if number == 0 { for (key, value) in metadata { writer.set(key, value) } }
            if count > 1 {
                writer.set("split.no", .uint16(UInt16(number)))
                writer.set("split.count", .uint16(UInt16(count)))
                writer.set("split.tensors.count", .int32(Int32(tensors.count)))
            }
            for tensor in tensors[min(number * size, tensors.count)..<min((number + 1) * size, tensors.count)] {
                try writer.addTensor(tensor.name, dimensions: tensor.dimensions, type: tensor.type)
            }
            return try HollowModel(writer)
        }
    }

    private static let layers = 80
    private static let tokenCount = 128_256
    private static let mergeCount = 280_147

    private static var metadata: [(String, GGUFValue)] {
        let tokens = (0..<tokenCount).map(token)
        return [
            ("general.architecture", .string("llama")), ("general.type", .string("model")),
            ("general.name", .string("Hollow 70B")), ("general.license", .string("llama3.3")),
            ("general.file_type", .uint32(15)), ("llama.block_count", .uint32(UInt32(layers))),
            ("llama.context_length", .uint32(131_072)), ("llama.embedding_length", .uint32(8192)),
            ("llama.feed_forward_length", .uint32(28_672)), ("llama.attention.head_count", .uint32(64)),
            ("llama.attention.head_count_kv", .uint32(8)), ("llama.attention.key_length", .uint32(128)),
            ("llama.attention.value_length", .uint32(128)), ("llama.rope.dimension_count", .uint32(128)),
            ("llama.rope.freq_base", .float32(500_000)), ("llama.vocab_size", .uint32(UInt32(tokenCount))),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)), ("tokenizer.ggml.model", .string("gpt2")),
            ("tokenizer.ggml.pre", .string("llama-bpe")), ("tokenizer.ggml.tokens", .array(GGUFArray(tokens))),
            (
                "tokenizer.ggml.token_type",
                .array(GGUFArray((0..<tokenCount).map { $0 < 128_000 ? Int32(1) : 3 }))
            ),
            (
                "tokenizer.ggml.merges",
                .array(GGUFArray((0..<mergeCount).map { "\(letters($0 / 3, 4)) \(letters($0 % 977, 5))" }))
            ),
            ("tokenizer.ggml.bos_token_id", .uint32(128_000)), ("tokenizer.ggml.eos_token_id", .uint32(128_009)),
            ("tokenizer.chat_template", .string(TinyModel.chatML)),
        ]
    }

    /// A text of its own for each number, about as long as real tokens are: 4 to 8 letters, half of them with a space.
    private static func token(_ number: Int) -> String { letters(number, 4 + number % 5) }

    /// As many letters, half of the texts with a space before them. The real merges have 11 bytes on average, these too;
    /// the header has 7.8 MB, as the real one.
    private static func letters(_ number: Int, _ count: Int) -> String {
        var letters: [UInt8] = []
        var rest = number
        for index in 0..<count {
            letters.append(UInt8(97 + (index < 4 ? rest : number) % 26))
            rest /= 26
        }
        return (number.isMultiple(of: 2) ? "Ġ" : "") + String(decoding: letters, as: UTF8.self)
    }

    private static var tensors: [(name: String, dimensions: [UInt64], type: GGMLType)] {
        let (width, inner, narrow) = (UInt64(8192), UInt64(28_672), UInt64(1024))
        var tensors: [(String, [UInt64], GGMLType)] = [
            ("rope_freqs.weight", [64], .f32), ("token_embd.weight", [width, UInt64(tokenCount)], .q4K),
        ]
        for layer in 0..<layers {
            // Q4_K_M keeps these two finer in half of the layers.
            let fine = layer < 10 || layer >= 70 || layer.isMultiple(of: 3) ? GGMLType.q6K : .q4K
            func add(_ name: String, _ dimensions: [UInt64], _ type: GGMLType = .q4K) {
                tensors.append(("blk.\(layer).\(name).weight", dimensions, type))
            }
            add("attn_norm", [width], .f32)
            add("ffn_down", [inner, width], fine)
            add("ffn_gate", [width, inner])
            add("ffn_up", [width, inner])
            add("ffn_norm", [width], .f32)
            add("attn_k", [width, narrow])
            add("attn_output", [width, width])
            add("attn_q", [width, width])
            add("attn_v", [width, narrow], fine)
        }
        return tensors + [("output_norm.weight", [width], .f32), ("output.weight", [width, UInt64(tokenCount)], .q6K)]
    }
}
