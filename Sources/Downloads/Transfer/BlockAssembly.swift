import Security

/// Makes blocks of the bytes that one connection brings, and writes each when it is whole.
struct BlockAssembly {
    private let context: TransferContext
    private let worker: Int
    /// The blocks to fetch; a whole file begins before them.
    private let run: Range<Int>
    /// The offset in the file of the next byte from the network.
    private(set) var position: Int64
    /// Bytes of blocks that were wanted.
    private(set) var usefulByteCount = 0
    private var buffer: [UInt8]
    private var finishedBlockCount = 0
    private var block: Int
    private var blockBytes: Range<Int64>
    /// The block is there already, or not wanted: its bytes go by.
    private var skips: Bool

    /// - Parameters:
    ///   - position: Where the connection begins, in the file.
    ///   - carry: The bytes of its block before `position`, from an earlier connection.
    init(context: TransferContext, worker: Int, run: Range<Int>, position: Int64, carry: [UInt8]) {
        self.context = context
        self.worker = worker
        self.run = run
        self.position = position
        buffer = carry
        (block, blockBytes) = context.board.block(at: position)
        skips = !run.contains(block) || context.board.hasLanded(block)
    }

    /// Takes bytes from the network. `false` when no more are wanted.
    mutating func take(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
        var done = 0
        while done < bytes.count {
            let count = Int(min(blockBytes.upperBound - position, Int64(bytes.count - done)))
            if !skips {
                if buffer.isEmpty { buffer.reserveCapacity(blockBytes.count) }
                usefulByteCount += count
                buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[done..<(done + count)]))
            }
            position += Int64(count)
            done += count
            if position == blockBytes.upperBound {
                guard try finishBlock() else {
                    context.board.receive(done, pending: 0, worker: worker)
                    return false
                }
            }
        }
        context.board.receive(done, pending: buffer.count, worker: worker)
        return true
    }

    /// How many blocks were written since the last call.
    mutating func takeFinishedBlocks() -> Int {
        defer { finishedBlockCount = 0 }
        return finishedBlockCount
    }

    /// Bytes of a block that is not whole yet.
    var unfinishedByteCount: Int { buffer.count }

    /// Leaves the beginning of an unfinished block to the next connection.
    func leave() { context.board.keep(buffer, of: block) }

    private mutating func finishBlock() throws -> Bool {
        let goesOn: Bool
        let now = context.time.now()
        if skips {
            goesOn = block < run.lowerBound || context.board.pass(block, worker: worker, now: now)
        } else {
            let checksum = try buffer.withUnsafeBytes { bytes in
                try context.file.write(bytes, at: blockBytes.lowerBound)
                return XXHash64.of(bytes)
            }
            finishedBlockCount += 1
            goesOn = context.board.land(block, checksum: checksum, worker: worker, now: now)
        }
        buffer.removeAll(keepingCapacity: true)
        guard goesOn, block + 1 < context.board.blockCount else { return false }
        (block, blockBytes) = context.board.block(at: position)
        skips = !run.contains(block) || context.board.hasLanded(block)
        return true
    }
}
