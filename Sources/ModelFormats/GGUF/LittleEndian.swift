// GGUF stores every number little-endian and unaligned, and every text as its byte count (u64) and its bytes.

extension UnsafeRawBufferPointer {
    /// The integer at `offset`; the caller has checked that its bytes are there.
    @inline(__always)
    func littleEndian<T: FixedWidthInteger>(_: T.Type, at offset: Int) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// The bytes of the text whose length field is at `offset`; the caller has checked that they are there.
    @inline(__always)
    func lengthPrefixed(at offset: Int) -> UnsafeRawBufferPointer {
        let start = offset + 8
        return UnsafeRawBufferPointer(rebasing: self[start..<(start + Int(littleEndian(UInt64.self, at: offset)))])
    }
}

extension [UInt8] {
    mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func appendLengthPrefixed(_ text: String) {
        appendLittleEndian(UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
