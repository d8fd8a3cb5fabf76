/// Limits on what a file may claim. Far above every published model, and far below what could exhaust memory.
enum GGUFLimits {
    static let metadataEntries: UInt64 = 65_536
    static let tensors: UInt64 = 65_536
    static let keyByteCount: UInt64 = 65_536
    static let stringByteCount: UInt64 = 1 << 20
    static let arrayElements: UInt64 = 16 << 20
    /// Longest tensor name: the engine keeps names in 64 bytes with a final zero.
    static let tensorNameByteCount: UInt64 = 63
    static let dimensions = 4
    /// The longest header that is copied into memory; that of a vocabulary of 262,144 tokens with merges has 16 MiB.
    static let headerByteCount = 128 << 20
    static let alignment: ClosedRange<UInt32> = 8...4096
    static let chatTemplateByteCount = 256 << 10
    /// The engine's own limits: more layers or experts end the process that loads them.
    static let layers: Int64 = 512
    static let experts: Int64 = 1024
    static let contextLength: Int64 = 1 << 28
    static let embeddingLength: Int64 = 1 << 18
    static let heads: Int64 = 1 << 14
    /// Any other length or count of a layer.
    static let layerSize: Int64 = 1 << 24
    static let tokens = 4 << 20

    /// Whole files that some converters embed as text, and that are longer than any other string.
    static let embeddedFileKeys: Set<String> = ["tokenizer.huggingface.json", "tokenizer.rwkv.world"]
    static let embeddedFileByteCount: UInt64 = 64 << 20

    static func stringByteCount(key: String) -> UInt64 {
        embeddedFileKeys.contains(key) ? embeddedFileByteCount : stringByteCount
    }

    /// The fewest bytes of a key-value pair: length and one byte of the key, type, one byte of value.
    static let minimumEntryByteCount: UInt64 = 8 + 1 + 4 + 1
    /// The fewest bytes of a tensor's description: name as above, dimension count, one dimension, type, offset.
    static let minimumTensorByteCount: UInt64 = 8 + 1 + 4 + 8 + 4 + 8
}
