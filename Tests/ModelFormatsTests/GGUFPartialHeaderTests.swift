import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("Headers that are not whole")
struct GGUFPartialHeaderTests {
    @Test("Every beginning of a file asks for more, and never for more than the header", arguments: [true, false])
    func prefixes(sizeIsKnown: Bool) throws {
        let bytes = try SmallModel.bytes()
        let whole = try #require(try GGUFReader.wholeHeader(of: bytes))
        let size = sizeIsKnown ? UInt64(bytes.count) : nil
        for count in 0..<whole.byteCount {
            guard case .needsMore(let needed) = try GGUFReader.header(from: Array(bytes[..<count]), fileByteCount: size)
            else {
                Issue.record("\(count) bytes were taken for a whole header")
                continue
            }
            #expect(needed > count && needed <= whole.byteCount)
        }
        for count in [whole.byteCount, whole.byteCount + 1, bytes.count] {
            guard case .complete(let header) = try GGUFReader.header(from: Array(bytes[..<count]), fileByteCount: size)
            else {
                Issue.record("\(count) bytes hold a whole header")
                continue
            }
            #expect(header.tensors == whole.tensors)
            #expect(header.dataOffset == whole.dataOffset)
            #expect(header.metadata.keys == whole.metadata.keys)
        }
    }

    @Test("Fetching exactly what is asked for ends with the header", arguments: TinyModel.all.indices)
    func fetching(index: Int) throws {
        let bytes = try TinyModel.all[index].bytes()
        var count = 0
        var rounds = 0
        while case .needsMore(let needed) = try GGUFReader.header(from: Array(bytes[..<count])) {
            try #require(needed > count && needed <= bytes.count)
            count = needed
            rounds += 1
        }
        #expect(count == (try GGUFReader.wholeHeader(of: bytes))?.byteCount)
        #expect(rounds > 1)
    }

    @Test("A header that the file cannot hold is refused before it is fetched")
    func tooLong() throws {
        let bytes = try SmallModel.bytes()
        let header = try #require(try GGUFReader.wholeHeader(of: bytes))
        let known = UInt64(header.byteCount - 1)
        #expect(throws: GGUFError.truncated(needed: UInt64(header.byteCount), available: known)) {
            try GGUFReader.header(from: Array(bytes[..<(header.byteCount - 4)]), fileByteCount: known)
        }
    }

    @Test("A header that claims gigabytes is refused when the file's size is not known")
    func endless() throws {
        func array(_ element: UInt32) -> [UInt8] {
            RawGGUF(entries: [RawGGUF.array("key", element: element, count: 16 << 20, value: [])]).bytes
        }
        let before: UInt64 = 24 + 11 + 4 + 12
        guard case .needsMore(let needed) = try GGUFReader.header(from: array(0)) else {
            Issue.record("the array is not there")
            return
        }
        #expect(UInt64(needed) == before + (16 << 20))
        #expect(throws: GGUFError.headerTooLarge(byteCount: before + (128 << 20), limit: 128 << 20)) {
            try GGUFReader.header(from: array(10))
        }

        let text = RawGGUF.entry("tokenizer.huggingface.json", type: 8, value: RawGGUF.number(UInt64(64 << 20) + 1))
        #expect(
            throws: GGUFError.stringTooLong(
                key: "tokenizer.huggingface.json", byteCount: (64 << 20) + 1, limit: 64 << 20)
        ) {
            try GGUFReader.header(from: RawGGUF(entries: [text]).bytes)
        }
    }
}
