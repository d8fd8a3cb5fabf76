import Security

/// Which blocks of a file have landed on the disk, with the checksum of each. A value: no input or output.
struct BlockMap: Sendable, Equatable {
    /// The size of the whole file, in bytes.
    let byteCount: Int64
    /// The size of every block but the last, in bytes.
    let blockByteCount: Int
    /// One per block; `nil` until the block has landed.
    private(set) var checksums: [UInt64?]
    /// The bytes of all blocks that have landed.
    private(set) var landedByteCount: Int64 = 0
    /// The first block that has not landed; all before it have.
    private(set) var frontier = 0

    init(byteCount: Int64, blockByteCount: Int) {
        self.byteCount = max(0, byteCount)
        self.blockByteCount = max(1, blockByteCount)
        let count = (self.byteCount + Int64(self.blockByteCount) - 1) / Int64(self.blockByteCount)
        checksums = Array(repeating: nil, count: Int(count))
    }

    var blockCount: Int { checksums.count }
    var isComplete: Bool { frontier == blockCount }

    /// The bytes of a block, as offsets in the file.
    func range(of block: Int) -> Range<Int64> {
        let start = Int64(block) * Int64(blockByteCount)
        return start..<min(byteCount, start + Int64(blockByteCount))
    }

    /// The bytes of some contiguous blocks.
    func range(of blocks: Range<Int>) -> Range<Int64> {
        let start = Int64(blocks.lowerBound) * Int64(blockByteCount)
        return start..<min(byteCount, Int64(blocks.upperBound) * Int64(blockByteCount))
    }

    func hasLanded(_ block: Int) -> Bool { checksums[block] != nil }

    /// The checksums of a complete file; `nil` while a block is missing.
    var pieces: PieceChecksums? {
        let values = checksums.compactMap(\.self)
        guard values.count == blockCount else { return nil }
        return PieceChecksums(pieceByteCount: blockByteCount, values: values)
    }

    /// Notes a block that was written; one that has landed before keeps its checksum.
    mutating func land(_ block: Int, checksum: UInt64) {
        guard checksums[block] == nil else { return }
        checksums[block] = checksum
        landedByteCount += Int64(range(of: block).count)
        while frontier < blockCount, checksums[frontier] != nil { frontier += 1 }
    }

    /// Notes that a block must be fetched again.
    mutating func lose(_ block: Int) {
        guard checksums[block] != nil else { return }
        checksums[block] = nil
        landedByteCount -= Int64(range(of: block).count)
        frontier = min(frontier, block)
    }

    /// Notes that every block must be fetched again.
    mutating func loseAll() { self = BlockMap(byteCount: byteCount, blockByteCount: blockByteCount) }
}
