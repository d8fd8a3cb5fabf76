/// The bytes of tokens on their way from a worker: for each a u32 count, little-endian, and the bytes.
enum TokenPieces {
    static func payload(of pieces: [[UInt8]]) -> [UInt8] {
        pieces.reduce(into: []) { bytes, piece in
            bytes.append(littleEndian: UInt32(clamping: piece.count))
            bytes += piece
        }
    }

    /// Throws `WorkerProtocolError` when there are more or fewer than `count`.
    static func read(_ payload: [UInt8], count: Int) throws -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var index = 0
        while index < payload.count {
            guard payload.count - index >= 4 else { throw WorkerProtocolError("broken pieces of text") }
            let byteCount = Int(payload.littleEndian(UInt32.self, at: index))
            index += 4
            guard payload.count - index >= byteCount, pieces.count < count else {
                throw WorkerProtocolError("broken pieces of text")
            }
            pieces.append(Array(payload[index..<(index + byteCount)]))
            index += byteCount
        }
        guard pieces.count == count else { throw WorkerProtocolError("broken pieces of text") }
        return pieces
    }
}
