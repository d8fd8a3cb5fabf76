import Security

/// What a download has on the disk, as it is written beside the partial file. Whatever is not byte for byte what
/// ``encoded()`` makes decodes to `nil`: a torn, empty or damaged journal costs bytes, never correctness.
///
/// Layout, little endian: magic `ROOSTJ01`; key (64 hexadecimal digits); size of the file (8 bytes); size of a block (4);
/// length of the validator (2) and its text; one bit per block; the checksums (8 each) of the blocks whose bit is set;
/// 64 hexadecimal digits of the SHA-256 of all before.
struct Journal: Sendable, Equatable {
    /// What the file is: the content's digest, or that of the URL when the content is not pinned.
    var key: Digest
    var map: BlockMap
    /// The entity tag that an unpinned file had; `nil` for a pinned one.
    var validator: String?

    private static let magic = Array("ROOSTJ01".utf8)
    private static let digestByteCount = 64

    func encoded() -> [UInt8] {
        var bytes = Self.magic
        bytes += key.hexadecimal.utf8
        Self.append(UInt64(map.byteCount), count: 8, to: &bytes)
        Self.append(UInt64(map.blockByteCount), count: 4, to: &bytes)
        let validator = Array((self.validator ?? "").utf8.prefix(Int(UInt16.max)))
        Self.append(UInt64(validator.count), count: 2, to: &bytes)
        bytes += validator
        var bits = [UInt8](repeating: 0, count: (map.blockCount + 7) / 8)
        for block in 0..<map.blockCount where map.hasLanded(block) { bits[block / 8] |= 1 << UInt8(block % 8) }
        bytes += bits
        for case let checksum? in map.checksums { Self.append(checksum, count: 8, to: &bytes) }
        bytes += Digest.of(bytes).hexadecimal.utf8
        return bytes
    }

    init(key: Digest, map: BlockMap, validator: String? = nil) {
        self.key = key
        self.map = map
        self.validator = validator
    }

    init?(decoding bytes: [UInt8]) {
        guard bytes.count > Self.digestByteCount else { return nil }
        let content = Array(bytes.dropLast(Self.digestByteCount))
        guard Array(Digest.of(content).hexadecimal.utf8) == Array(bytes.suffix(Self.digestByteCount)) else {
            return nil
        }
        var rest = content[...]
        guard Self.take(Self.magic.count, from: &rest).map({ Array($0) }) == Self.magic,
            let keyText = Self.take(64, from: &rest),
            let key = Digest(hexadecimal: String(decoding: keyText, as: UTF8.self)),
            let byteCount = Self.number(8, from: &rest), byteCount <= UInt64(Int64.max),
            let blockByteCount = Self.number(4, from: &rest), (1...(1 << 30)).contains(blockByteCount),
            let validatorLength = Self.number(2, from: &rest), let text = Self.take(Int(validatorLength), from: &rest)
        else { return nil }
        // The bits must be there before anything is allocated from the declared size.
        let blockCount = (byteCount / blockByteCount) + (byteCount % blockByteCount == 0 ? 0 : 1)
        guard blockCount / 8 <= UInt64(rest.count), let bits = Self.take(Int((blockCount + 7) / 8), from: &rest) else {
            return nil
        }
        var map = BlockMap(byteCount: Int64(byteCount), blockByteCount: Int(blockByteCount))
        for block in 0..<map.blockCount where bits[bits.startIndex + block / 8] & (1 << UInt8(block % 8)) != 0 {
            guard let checksum = Self.number(8, from: &rest) else { return nil }
            map.land(block, checksum: checksum)
        }
        guard rest.isEmpty else { return nil }
        self.init(key: key, map: map, validator: text.isEmpty ? nil : String(decoding: text, as: UTF8.self))
    }

    private static func append(_ value: UInt64, count: Int, to bytes: inout [UInt8]) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func number(_ count: Int, from rest: inout ArraySlice<UInt8>) -> UInt64? {
        take(count, from: &rest).map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }
}
