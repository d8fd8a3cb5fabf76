/// Thrown inside the parser when the bytes at hand end before the header does.
struct NeedsMoreBytes: Error {
    let atLeast: Int
}

/// A place in the bytes of a header. Every read is checked against the bytes at hand and the size of the file.
struct GGUFCursor {
    let bytes: UnsafeRawBufferPointer
    /// The size of the whole file in bytes when it is known.
    let fileByteCount: UInt64?
    var position = 0

    /// Bytes of the file after `position`; `nil` when its size is not known.
    var bytesLeftInFile: UInt64? {
        fileByteCount.map { $0 > UInt64(position) ? $0 - UInt64(position) : 0 }
    }

    /// Makes sure that `count` bytes follow.
    ///
    /// - Throws: `GGUFError` when the file cannot have them, `NeedsMoreBytes` when only the bytes at hand have not.
    @inline(__always)
    func require(_ count: UInt64) throws {
        if count > UInt64(bytes.count - position) { try refuse(count) }
    }

    private func refuse(_ count: UInt64) throws -> Never {
        let (end, overflow) = UInt64(position).addingReportingOverflow(count)
        let needed = overflow ? UInt64.max : end
        if let fileByteCount, needed > fileByteCount {
            throw GGUFError.truncated(needed: needed, available: fileByteCount)
        }
        guard needed <= UInt64(GGUFLimits.headerByteCount) else {
            throw GGUFError.headerTooLarge(byteCount: needed, limit: UInt64(GGUFLimits.headerByteCount))
        }
        throw NeedsMoreBytes(atLeast: Int(needed))
    }

    mutating func read<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        try require(UInt64(MemoryLayout<T>.size))
        defer { position += MemoryLayout<T>.size }
        return bytes.littleEndian(type, at: position)
    }

    /// Skips `count` bytes and returns where they are.
    mutating func skip(_ count: UInt64) throws -> Range<Int> {
        try require(count)
        let start = position
        position += Int(count)
        return start..<position
    }

    /// Steps over `count` strings of at most `limit` bytes each and returns where they are.
    mutating func skipStrings(_ count: Int, key: String, limit: UInt64) throws -> Range<Int> {
        let start = position
        let end = bytes.count
        var position = position
        for index in 0..<count {
            guard end - position >= 8 else {
                self.position = position
                try require(8 * UInt64(count - index))
                break
            }
            let length = bytes.littleEndian(UInt64.self, at: position)
            guard length <= limit else {
                throw GGUFError.stringTooLong(key: key, byteCount: length, limit: limit)
            }
            position += 8
            guard end - position >= Int(length) else {
                self.position = position
                try require(length + 8 * UInt64(count - index - 1))
                break
            }
            position += Int(length)
        }
        self.position = position
        return start..<position
    }

    /// The text in `range`; `nil` when it is not UTF-8 or has a control character (the engine would cut it at a zero).
    func text(in range: Range<Int>) -> String? {
        let raw = bytes[range]
        guard raw.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: raw, as: UTF8.self)
    }
}
