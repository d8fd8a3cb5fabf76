import LlamaBridge

/// A picture, or a part of one for models that look at large pictures in parts, ready to be computed.
final class Picture: MediaPiece, @unchecked Sendable {  // why sound: immutable; the engine only reads it
    private let chunk: OpaquePointer
    private let projector: MediaProjector
    let positionCount: Int
    let cellCount: Int
    let identity: [UInt8]

    /// Takes `chunk` over.
    init(_ chunk: OpaquePointer, of projector: MediaProjector) {
        self.chunk = chunk
        self.projector = projector
        positionCount = Int(roost_media_chunk_position_count(chunk))
        cellCount = Int(roost_media_chunk_cell_count(chunk))
        identity = Array(String(cString: roost_media_chunk_identity(chunk)).utf8)
    }

    deinit { roost_media_chunk_free(chunk) }

    func decode(into context: OpaquePointer, sequence: Int32, position: Int32, batchSize: Int32) throws {
        try projector.decode(chunk, into: context, sequence: sequence, position: position, batchSize: batchSize)
    }
}
