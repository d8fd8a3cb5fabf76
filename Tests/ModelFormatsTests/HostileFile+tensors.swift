import ModelFixtures
import ModelFormats

extension HostileFile {
    static let tensors: [HostileFile] = [
        one("no tensor name", .emptyTensorName(index: 0), RawGGUF.tensor("", dimensions: [32, 2])),
        one(
            "tensor name of 64 bytes", .tensorNameTooLong(index: 0, byteCount: 64, limit: 63),
            RawGGUF.tensor(String(repeating: "n", count: 64), dimensions: [32])),
        one("tensor name with a zero byte", .tensorNameNotText(index: 0), RawGGUF.tensor("a\0b", dimensions: [32])),
        HostileFile("tensor name twice", .duplicateTensorName("t")) {
            RawGGUF(tensors: [
                RawGGUF.tensor("t", dimensions: [32]), RawGGUF.tensor("t", dimensions: [32], offset: 128),
            ]).bytes
        },
        one(
            "5 dimensions", .dimensionCount(tensor: "t", count: 5), RawGGUF.tensor("t", dimensions: [1, 1, 1, 1, 1])),
        one(
            "2^32−1 dimensions", .dimensionCount(tensor: "t", count: 0xFFFF_FFFF),
            RawGGUF.tensor("t", dimensions: [1], count: .max)),
        one(
            "no dimension", .dimensionCount(tensor: "t", count: 0),
            RawGGUF.tensor("t", dimensions: []) + [0, 0, 0, 0, 0]),
        one(
            "dimension of 0", .dimensionZero(tensor: "t", dimension: 1), RawGGUF.tensor("t", dimensions: [32, 0])),
        one(
            "dimension of −1", .dimensionTooLarge(tensor: "t", dimension: 0, size: .max),
            RawGGUF.tensor("t", dimensions: [.max])),
        one(
            "more than 2^63 elements",
            .elementCountOverflow(tensor: "t", dimensions: [8_589_934_588, 8_589_934_588]),
            RawGGUF.tensor("t", dimensions: [8_589_934_588, 8_589_934_588])),
        one(
            "more than 2^64 bytes", .byteCountOverflow(tensor: "t", dimensions: [1 << 31, 1 << 31], type: .i64),
            RawGGUF.tensor("t", dimensions: [1 << 31, 1 << 31], type: 27)),
        one(
            "unknown tensor type", .unknownTensorType(tensor: "t", type: 43),
            RawGGUF.tensor("t", dimensions: [256], type: 43)),
        one(
            "tensor type −1", .unknownTensorType(tensor: "t", type: .max),
            RawGGUF.tensor("t", dimensions: [256], type: .max)),
        one(
            "removed tensor type", .removedTensorType(tensor: "t", name: "Q4_0_4_8"),
            RawGGUF.tensor("t", dimensions: [256], type: 32)),
        one(
            "row that is no whole number of blocks", .rowNotWholeBlocks(tensor: "t", row: 100, type: .q4K),
            RawGGUF.tensor("t", dimensions: [100], type: 12)),
    ]

    static let layout: [HostileFile] = [
        HostileFile("no tensors", .noTensors) { RawGGUF(entries: [RawGGUF.entry("key", 1)]).bytes },
        one(
            "offset −1", .offsetMisaligned(tensor: "t", offset: .max, alignment: 32),
            RawGGUF.tensor("t", dimensions: [32], offset: .max)),
        one(
            "offset near 2^64", .gapBeforeTensor(tensor: "t", offset: .max - 31, expected: 0),
            RawGGUF.tensor("t", dimensions: [32], offset: .max - 31)),
        HostileFile(
            "offsets for another alignment", .offsetMisaligned(tensor: "b", offset: 4, alignment: 32)
        ) {
            RawGGUF(
                tensors: [RawGGUF.tensor("a", dimensions: [1]), RawGGUF.tensor("b", dimensions: [1], offset: 4)],
                dataByteCount: 64
            ).bytes
        },
        HostileFile("tensors on top of each other", .tensorsOverlap(tensor: "b", offset: 0, expected: 128)) {
            RawGGUF(
                tensors: [RawGGUF.tensor("a", dimensions: [32]), RawGGUF.tensor("b", dimensions: [32])],
                dataByteCount: 128
            ).bytes
        },
        HostileFile("hole between tensors", .gapBeforeTensor(tensor: "b", offset: 256, expected: 128)) {
            RawGGUF(
                tensors: [RawGGUF.tensor("a", dimensions: [32]), RawGGUF.tensor("b", dimensions: [32], offset: 256)],
                dataByteCount: 384
            ).bytes
        },
        one(
            "size that padding would wrap to 0", .dataSizeOverflow(tensor: "t"),
            RawGGUF.tensor("t", dimensions: [4, 1_073_741_823, 1_073_741_825])),
        HostileFile("sizes that add up beyond 64 bits", .dataSizeOverflow(tensor: "a")) {
            let size: UInt64 = 0x7FFF_FFFF_FFFF_FFC0
            return RawGGUF(
                tensors: [
                    RawGGUF.tensor("a", dimensions: [size], type: 24),
                    RawGGUF.tensor("b", dimensions: [size], type: 24, offset: size),
                ], dataByteCount: 32
            ).bytes
        },
        HostileFile("tensor larger than the file", .dataBeyondEnd(tensor: "t", end: 4_294_967_360, fileByteCount: 96)) {
            RawGGUF(tensors: [RawGGUF.tensor("t", dimensions: [1 << 30])], dataByteCount: 32).bytes
        },
        HostileFile("one byte of data missing", .dataBeyondEnd(tensor: "t", end: 192, fileByteCount: 191)) {
            RawGGUF(tensors: [RawGGUF.tensor("t", dimensions: [32])], dataByteCount: 127).bytes
        },
        HostileFile("bytes after the data", .trailingData(byteCount: 5)) {
            RawGGUF(tensors: [RawGGUF.tensor("t", dimensions: [32])], dataByteCount: 133).bytes
        },
    ]

    private static func one(_ name: String, _ error: GGUFError, _ tensor: [UInt8]) -> HostileFile {
        HostileFile(name, error) { RawGGUF(tensors: [tensor], dataByteCount: 128).bytes }
    }
}
