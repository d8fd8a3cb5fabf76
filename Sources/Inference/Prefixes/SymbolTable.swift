/// Pictures as symbols: what stands for one among a prompt's tokens, so that prompts can be compared. Negative, which
/// no token is. Lives on the engine's thread.
struct SymbolTable {
    /// What a picture takes.
    struct Extent {
        var positionCount: Int
        var cellCount: Int
    }

    private var symbols: [[UInt8]: Int32] = [:]
    private var extents: [Extent] = []

    /// The symbol of a picture, the same for the same picture.
    mutating func symbol(of media: any MediaPiece) -> Int32 {
        if let known = symbols[media.identity] { return known }
        extents.append(Extent(positionCount: media.positionCount, cellCount: media.cellCount))
        let symbol = -Int32(extents.count)
        symbols[media.identity] = symbol
        return symbol
    }

    private func extent(of symbol: Int32) -> Extent {
        symbol < 0 ? extents[Int(-symbol) - 1] : Extent(positionCount: 1, cellCount: 1)
    }

    /// Positions that symbols take.
    func positionCount(of row: some Collection<Int32>) -> Int {
        extents.isEmpty ? row.count : row.reduce(0) { $0 + extent(of: $1).positionCount }
    }

    /// Cells that a symbol takes.
    func cellCount(of symbol: Int32) -> Int32 { Int32(clamping: extent(of: symbol).cellCount) }

    /// Cells that symbols take.
    func cellCount(of row: some Collection<Int32>) -> Int {
        extents.isEmpty ? row.count : row.reduce(0) { $0 + extent(of: $1).cellCount }
    }
}
