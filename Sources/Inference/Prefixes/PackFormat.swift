import Security

/// The file in which prefixes outlive the process. All numbers are little-endian.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 8 | magic `ROOSTPFX` |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | count of entries |
/// | 16 | 32 | SHA-256 of the ``PackKey`` |
/// | 48 | 8 | offset of the index = end of the states |
/// | 56 | 8 | bytes of the index; it ends the file |
/// | 64 | 32 | HMAC-SHA256 of `roost prefix index 1`, the 64 bytes before and the index |
/// | 96 | … | the states, one behind the other without gaps |
/// | … | … | the index |
///
/// An entry of the index: namespace (32), kind (u8), last use (i64), offset of the state (u64), bytes of the state (u64),
/// count of tokens (u32), tokens (i32 each), and the HMAC-SHA256 (32) of `roost prefix state 1`, the key's digest, the
/// fields before but the offset, and the state. Every byte of the file is under one of the codes. The header is written
/// last, so that a file whose writing was broken off has no magic.
enum PackFormat {
    static let magic = Array("ROOSTPFX".utf8)
    static let version: UInt32 = 1
    static let authenticatedHeaderByteCount = 64
    static let headerByteCount = 96
    static let namespaceByteCount = 32
    /// Of an entry without its tokens.
    static let entryByteCount = namespaceByteCount + 1 + 8 + 8 + 8 + 4 + MessageAuthentication.byteCount
    /// An index is held in memory; more than this is refused.
    static let indexByteLimit: UInt64 = 256 << 20

    struct Header: Equatable {
        var keyDigest: [UInt8]
        var entryCount: UInt32
        var indexOffset: UInt64
        var indexByteCount: UInt64

        /// The bytes that are authenticated with the index.
        var bytes: [UInt8] {
            var bytes = magic
            bytes.appendPackInteger(version)
            bytes.appendPackInteger(entryCount)
            bytes += keyDigest
            bytes.appendPackInteger(indexOffset)
            bytes.appendPackInteger(indexByteCount)
            return bytes
        }
    }

    static func indexCode(_ secret: PackSecret, header: [UInt8], index: [UInt8]) -> MessageAuthentication {
        var code = MessageAuthentication(secret.key)
        code.update("roost prefix index 1".utf8)
        code.update(header)
        code.update(index)
        return code
    }

    static func stateCode(
        _ secret: PackSecret, keyDigest: [UInt8], entry: PackEntry, state: UnsafeRawBufferPointer
    ) -> MessageAuthentication {
        var code = MessageAuthentication(secret.key)
        code.update("roost prefix state 1".utf8)
        code.update(keyDigest)
        var fields = entry.namespace
        fields.append(entry.kind.rawValue)
        fields.appendPackInteger(entry.lastUse)
        fields.appendPackInteger(UInt64(state.count))
        fields.appendPackInteger(UInt32(entry.tokens.count))
        code.update(fields)
        code.update(tokenBytes(entry.tokens))
        code.update(state)
        return code
    }

    static func tokenBytes(_ tokens: [Int32]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tokens.count * 4)
        for token in tokens { bytes.appendPackInteger(token) }
        return bytes
    }

    /// The bytes of an entry in the index.
    static func append(_ entry: PackEntry, to index: inout [UInt8]) {
        index += entry.namespace
        index.append(entry.kind.rawValue)
        index.appendPackInteger(entry.lastUse)
        index.appendPackInteger(entry.offset)
        index.appendPackInteger(UInt64(entry.stateByteCount))
        index.appendPackInteger(UInt32(entry.tokens.count))
        index += tokenBytes(entry.tokens)
        index += entry.code
    }

    /// The digest of a key as bytes.
    static func keyDigest(_ key: PackKey) -> [UInt8] { key.digest.bytes }
}

extension [UInt8] {
    /// Its bytes, the least significant first.
    mutating func appendPackInteger(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// Reads values from bytes, never past their end.
struct PackCursor {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= remaining else { return nil }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        let size = MemoryLayout<T>.size
        guard size <= remaining else { return nil }
        defer { offset += size }
        return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }

    /// `count` tokens; the count is compared with the bytes that are there before anything is allocated.
    mutating func tokens(_ count: Int) -> [Int32]? {
        guard count >= 0, count <= remaining / 4 else { return nil }
        defer { offset += count * 4 }
        return bytes.withUnsafeBytes { bytes in
            (0..<count).map {
                Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + $0 * 4, as: Int32.self))
            }
        }
    }
}
