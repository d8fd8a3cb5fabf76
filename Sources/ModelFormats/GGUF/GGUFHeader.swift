/// Everything of a GGUF file before its tensor data.
public struct GGUFHeader: Sendable {
    /// The format's version: 2 or 3.
    public let version: UInt32
    /// The multiple, in bytes, at which each tensor's data starts: a power of two, 32 unless the file says otherwise.
    public let alignment: UInt32
    /// The key-value pairs.
    public let metadata: GGUFMetadata
    /// The tensors in the file's order.
    public let tensors: [GGUFTensorInfo]
    /// The size of the header in bytes, without the padding before the data.
    public let byteCount: Int
    /// Where tensor data starts, in bytes from the start of the file.
    public let dataOffset: UInt64
}

/// What came of reading a header from bytes that may be only the beginning of a file.
public enum GGUFHeaderRead: Sendable {
    /// The header was whole.
    case complete(GGUFHeader)
    /// The header goes on; the file's first `atLeast` bytes are needed at the least (never more than the header has).
    case needsMore(atLeast: Int)
}
