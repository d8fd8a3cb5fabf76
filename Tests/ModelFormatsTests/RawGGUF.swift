import ModelFormats

/// A GGUF file put together byte by byte, so that any part of it can be wrong.
struct RawGGUF {
    var magic: [UInt8] = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// What the file claims; the true count when `nil`.
    var tensorCount: UInt64?
    var entryCount: UInt64?
    var entries: [[UInt8]] = []
    var tensors: [[UInt8]] = []
    var alignment = 32
    /// Bytes of tensor data; `nil` leaves out the padding before it too.
    var dataByteCount: Int? = 0

    var bytes: [UInt8] {
        var bytes = magic
        bytes.appendNumber(version)
        bytes.appendNumber(tensorCount ?? UInt64(tensors.count))
        bytes.appendNumber(entryCount ?? UInt64(entries.count))
        for part in entries + tensors { bytes += part }
        if let dataByteCount {
            while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
            bytes += (0..<dataByteCount).map { UInt8(truncatingIfNeeded: $0) }
        }
        return bytes
    }

    /// A key-value pair whose value is given as raw bytes.
    static func entry(_ key: String, type: UInt32, value: [UInt8]) -> [UInt8] {
        text(key) + number(type) + value
    }

    static func entry(_ key: String, _ value: UInt32) -> [UInt8] { entry(key, type: 4, value: number(value)) }

    static func array(_ key: String, element: UInt32, count: UInt64, value: [UInt8]) -> [UInt8] {
        entry(key, type: 9, value: number(element) + number(count) + value)
    }

    static func tensor(
        _ name: String, dimensions: [UInt64], count: UInt32? = nil, type: UInt32 = 0, offset: UInt64 = 0
    ) -> [UInt8] {
        text(name) + number(count ?? UInt32(dimensions.count)) + dimensions.flatMap(number) + number(type)
            + number(offset)
    }

    static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

    static func number(_ value: some FixedWidthInteger) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendNumber(value)
        return bytes
    }
}

extension [UInt8] {
    mutating func appendNumber(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
