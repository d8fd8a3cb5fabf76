/// Bytes that look random and are the same for the same seed.
public struct FaultContent: Sendable {
    /// The bytes.
    public let bytes: [UInt8]

    /// So many bytes of a seed.
    public init(byteCount: Int, seed: UInt64 = 1) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 8)
        while bytes.count < byteCount {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            withUnsafeBytes(of: state.littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - byteCount)
        self.bytes = bytes
    }
}
