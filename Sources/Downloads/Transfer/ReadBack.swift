import Security

/// Hashes the file in order behind the frontier, from the disk: what is verified is what the disk gives back, and the
/// verification ends with the download. A block that does not read as it was written is fetched again.
struct ReadBack: Sendable {
    let board: TransferBoard
    let file: PartialFile
    /// How often one block may be lost before the disk is blamed.
    private static let patience = 3

    func run() async throws -> Digest {
        var hash = ContentHash()
        var losses: [Int: Int] = [:]
        var buffer: [UInt8] = []
        var block = 0
        while block < board.blockCount {
            let version = board.signal.version
            guard let landed = board.landed(block) else {
                try await board.signal.changed(since: version)
                continue
            }
            try Task.checkCancellation()
            if buffer.count != landed.bytes.count { buffer = [UInt8](repeating: 0, count: landed.bytes.count) }
            let isGood = try buffer.withUnsafeMutableBytes { bytes in
                let count = try file.read(into: bytes, at: landed.bytes.lowerBound)
                return count == bytes.count && XXHash64.of(UnsafeRawBufferPointer(bytes)) == landed.checksum
            }
            if isGood {
                hash.update(buffer)
                block += 1
                board.verify(upTo: landed.bytes.upperBound)
            } else {
                losses[block, default: 0] += 1
                guard losses[block, default: 0] <= Self.patience else {
                    throw DownloadError.damagedStorage(path: file.path, offset: landed.bytes.lowerBound)
                }
                board.lose(block)
            }
        }
        return hash.finish()
    }
}
