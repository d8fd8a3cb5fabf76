import ModelFormats

/// Blocks of ggml's quantized types with random values of about ±0.05: numbers that a computation stays finite with.
enum QuantizedTile {
    private static let blockCount = 512

    /// Some hundred blocks. Types without a rule here are zeros.
    static func bytes(of type: GGMLType, using generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(blockCount * Int(type.blockByteCount))
        for _ in 0..<blockCount {
            switch type {
            case .f32: add(Float(generator.next() >> 40) / Float(1 << 24) * 0.1 - 0.05, to: &bytes)
            case .f16: addHalf(Float(generator.next() >> 40) / Float(1 << 24) * 0.1 - 0.05, to: &bytes)
            case .q8_0:
                addHalf(0.0004, to: &bytes)
                addNoise(32, &generator, to: &bytes)
            case .q4_0:
                addHalf(0.006, to: &bytes)
                addNoise(16, &generator, to: &bytes)
            case .q4K:
                // Scales of 32 of 63, minima of 32 of 63: values are (q − 7.5) · 0.0064.
                addHalf(0.0002, to: &bytes)
                addHalf(0.0015, to: &bytes)
                bytes += [UInt8](repeating: 32, count: 8) + [UInt8](repeating: 0, count: 4)
                addNoise(128, &generator, to: &bytes)
            case .q6K:
                addNoise(192, &generator, to: &bytes)
                bytes += [UInt8](repeating: 16, count: 16)
                addHalf(0.0001, to: &bytes)
            default: bytes += [UInt8](repeating: 0, count: Int(type.blockByteCount))
            }
        }
        return bytes
    }

    private static func addNoise(_ count: Int, _ generator: inout SeededGenerator, to bytes: inout [UInt8]) {
        for _ in 0..<count / 8 {
            withUnsafeBytes(of: generator.next().littleEndian) { bytes.append(contentsOf: $0) }
        }
    }

    private static func add(_ value: Float, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func addHalf(_ value: Float, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: TinyTensor.half(value).littleEndian) { bytes.append(contentsOf: $0) }
    }
}
