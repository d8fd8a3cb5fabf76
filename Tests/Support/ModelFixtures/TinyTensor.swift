import ModelFormats

/// A tensor of a tiny model and how its weights are made.
struct TinyTensor: Sendable {
    enum Content: Sendable {
        /// Evenly spread between ±`scale`/√row.
        case random(scale: Float)
        /// The same number everywhere.
        case constant(Float)
        /// Minus 1, 2, 3… along each row, as Mamba's A has it.
        case negativeSteps
        /// Random blocks of any type, the same few again and again: made at once, however large.
        case tiled
        /// 1 at these places, counted along the rows; otherwise 0.
        case ones(at: [Int])
    }

    let name: String
    let dimensions: [UInt64]
    var type = GGMLType.f32
    var content = Content.random(scale: 1.7)
    /// Rows that are zero.
    var zeroRows: [Int] = []

    /// Gives `sink` its bytes, in one piece or several.
    func write(using generator: inout SeededGenerator, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        if case .ones(let places) = content {
            var values = [Float](repeating: 0, count: Int(dimensions.reduce(1, *)))
            for place in places { values[place] = 1 }
            return try values.withUnsafeBytes(sink)
        }
        guard case .tiled = content else { return try bytes(using: &generator).withUnsafeBytes(sink) }
        let tile = QuantizedTile.bytes(of: type, using: &generator)
        let blocks = Int(dimensions.reduce(1, *)) / Int(type.blockElementCount)
        var rest = blocks * Int(type.blockByteCount)
        while rest > 0 {
            let count = min(rest, tile.count)
            try tile.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            rest -= count
        }
    }

    private func bytes(using generator: inout SeededGenerator) -> [UInt8] {
        let row = Int(dimensions.first ?? 1)
        let count = Int(dimensions.reduce(1, *))
        let zeros = Set(zeroRows)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * (type == .f16 ? 2 : 4))
        for index in 0..<count {
            var value: Float
            switch content {
            case .random(let scale):
                let unit = Float(generator.next() >> 40) / Float(1 << 24)
                value = (2 * unit - 1) * scale / Float(row).squareRoot()
            case .constant(let number): value = number
            case .negativeSteps: value = -Float(index % row + 1)
            case .tiled, .ones: value = 0
            }
            if zeros.contains(index / row) { value = 0 }
            if type == .f16 {
                withUnsafeBytes(of: Self.half(value).littleEndian) { bytes.append(contentsOf: $0) }
            } else {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        return bytes
    }

    /// The bits of the half-precision number next to `value` towards zero, for |value| < 65504; subnormals become 0.
    /// (`Float16` is not there on every platform.)
    static func half(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let exponent = Int((bits >> 23) & 0xFF) - 127 + 15
        guard exponent > 0 else { return sign }
        return sign | UInt16(exponent << 10) | UInt16(truncatingIfNeeded: (bits >> 13) & 0x3FF)
    }
}
