import ModelFixtures
import ModelFormats
import Testing

/// A file that must be refused, and the one error that says why.
///
/// The cases follow the engine's own test of its reader, the rules of the security design, and published
/// vulnerabilities of GGUF readers.
struct HostileFile: Sendable, CustomTestStringConvertible {
    let name: String
    let error: GGUFError
    let bytes: @Sendable () throws -> [UInt8]

    var testDescription: String { name }

    init(_ name: String, _ error: GGUFError, _ bytes: @escaping @Sendable () throws -> [UInt8]) {
        self.name = name
        self.error = error
        self.bytes = bytes
    }

    static let all = file + metadata + tensors + layout + hyperparameters + vocabulary

    static let file: [HostileFile] = [
        HostileFile("empty file", .emptyFile) { [] },
        HostileFile("wrong magic", .badMagic(found: Array("FUGG".utf8))) { RawGGUF(magic: Array("FUGG".utf8)).bytes },
        HostileFile("web page instead of a model", .badMagic(found: Array("<!DO".utf8))) {
            Array("<!DOCTYPE html><html></html>".utf8)
        },
        HostileFile("shorter than the magic", .truncated(needed: 4, available: 2)) { Array("GG".utf8) },
        HostileFile("version 0", .unsupportedVersion(0)) { RawGGUF(version: 0).bytes },
        HostileFile("version 1", .unsupportedVersion(1)) { RawGGUF(version: 1).bytes },
        HostileFile("version 4", .unsupportedVersion(4)) { RawGGUF(version: 4).bytes },
        HostileFile("big-endian", .bigEndian) { RawGGUF(version: 0x0300_0000).bytes },
        HostileFile("−1 tensors", .tooManyTensors(count: .max, limit: 65_536)) { RawGGUF(tensorCount: .max).bytes },
        HostileFile("−1 metadata entries", .tooManyMetadataEntries(count: .max, limit: 65_536)) {
            RawGGUF(entryCount: .max).bytes
        },
        HostileFile("more tensors than fit", .tensorCountExceedsFile(count: 60_000, fileByteCount: 32)) {
            RawGGUF(tensorCount: 60_000).bytes
        },
        HostileFile("more entries than fit", .metadataCountExceedsFile(count: 60_000, fileByteCount: 32)) {
            RawGGUF(entryCount: 60_000).bytes
        },
        HostileFile("header cut off", .truncated(needed: 47, available: 43)) {
            let entry = RawGGUF.entry("key", type: 10, value: RawGGUF.number(UInt64(1)))
            return Array(RawGGUF(entries: [entry]).bytes.prefix(43))
        },
    ]

    static let metadata: [HostileFile] = [
        HostileFile("key of −1 bytes", .keyTooLong(index: 0, byteCount: .max, limit: 65_536)) {
            RawGGUF(entries: [RawGGUF.number(UInt64.max) + Array("some.key.and.more".utf8)]).bytes
        },
        HostileFile("empty key", .emptyKey(index: 0)) { RawGGUF(entries: [RawGGUF.entry("", 1)]).bytes },
        HostileFile("key with a zero byte", .keyNotText(index: 0)) {
            RawGGUF(entries: [RawGGUF.entry("general\0x", 1)]).bytes
        },
        HostileFile("key that is not UTF-8", .keyNotText(index: 1)) {
            RawGGUF(entries: [
                RawGGUF.entry("a", 1),
                RawGGUF.number(UInt64(2)) + [0xC3, 0x28] + RawGGUF.number(UInt32(4)) + RawGGUF.number(UInt32(1)),
            ]).bytes
        },
        HostileFile("key twice", .duplicateKey("twice")) {
            RawGGUF(entries: [RawGGUF.entry("twice", 1), RawGGUF.entry("twice", 2)]).bytes
        },
        HostileFile("unknown value type", .unknownValueType(key: "key", type: 13)) {
            RawGGUF(entries: [RawGGUF.entry("key", type: 13, value: [0, 0, 0, 0])]).bytes
        },
        HostileFile("unknown element type", .unknownElementType(key: "key", type: 0xFFFF_FFFF)) {
            RawGGUF(entries: [RawGGUF.array("key", element: .max, count: 1, value: [0])]).bytes
        },
        HostileFile("array of arrays", .nestedArray(key: "key")) {
            RawGGUF(entries: [RawGGUF.array("key", element: 9, count: 1, value: [0])]).bytes
        },
        HostileFile("array of 2^60 elements", .arrayTooLong(key: "key", count: 1 << 60, limit: 16 << 20)) {
            RawGGUF(entries: [RawGGUF.array("key", element: 10, count: 1 << 60, value: [0])]).bytes
        },
        HostileFile("array longer than the file", .arrayExceedsFile(key: "key", count: 1 << 20, fileByteCount: 64)) {
            RawGGUF(entries: [RawGGUF.array("key", element: 8, count: 1 << 20, value: [0])]).bytes
        },
        HostileFile("string of 2^63 bytes", .stringTooLong(key: "key", byteCount: 1 << 63, limit: 1 << 20)) {
            RawGGUF(entries: [RawGGUF.entry("key", type: 8, value: RawGGUF.number(UInt64(1) << 63))]).bytes
        },
        HostileFile("string longer than the file", .truncated(needed: 1047, available: 64)) {
            RawGGUF(entries: [RawGGUF.entry("key", type: 8, value: RawGGUF.number(UInt64(1000)))]).bytes
        },
        HostileFile("bool of 2", .badBool(key: "key", value: 2)) {
            RawGGUF(entries: [RawGGUF.entry("key", type: 7, value: [2])]).bytes
        },
        HostileFile("array with a bool of 255", .badBool(key: "key", value: 255)) {
            RawGGUF(entries: [RawGGUF.array("key", element: 7, count: 3, value: [1, 255, 0])]).bytes
        },
        HostileFile("alignment 13", .alignmentNotPowerOfTwo(13)) {
            RawGGUF(entries: [RawGGUF.entry("general.alignment", 13)]).bytes
        },
        HostileFile("alignment 0", .alignmentNotPowerOfTwo(0)) {
            RawGGUF(entries: [RawGGUF.entry("general.alignment", 0)]).bytes
        },
        HostileFile("alignment of a signed type", .alignmentNotUInt32(found: .int32)) {
            RawGGUF(entries: [RawGGUF.entry("general.alignment", type: 5, value: RawGGUF.number(UInt32(32)))]).bytes
        },
        HostileFile("alignment 2^31", .alignmentOutOfRange(1 << 31, allowed: 8...4096)) {
            RawGGUF(entries: [RawGGUF.entry("general.alignment", 1 << 31)]).bytes
        },
    ]
}
