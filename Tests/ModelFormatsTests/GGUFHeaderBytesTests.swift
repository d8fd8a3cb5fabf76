import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("The bytes of a header")
struct GGUFHeaderBytesTests {
    @Test("They are the file's own, end with the list of tensors, and outlive the header", arguments: [true, false])
    func bytes(isMapped: Bool) throws {
        let file = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        let whole = try Data(contentsOf: file.url)
        var header: GGUFHeader? = try GGUFReader.open(file.url, access: isMapped ? .memoryMapped : .copied).header
        let count = try #require(header?.byteCount)
        let bytes = try #require(header?.bytes)
        header = nil
        #expect(bytes == whole.prefix(count))
        guard case .needsMore(let needed) = try GGUFReader.header(from: bytes.dropLast()) else {
            Issue.record("a byte less is still a header")
            return
        }
        #expect(needed == count)
    }

    @Test("The size of the file follows from the header", arguments: TinyModel.all.indices)
    func fileByteCount(index: Int) throws {
        let bytes = try TinyModel.all[index].bytes()
        guard case .complete(let header) = try GGUFReader.header(from: bytes) else {
            Issue.record("the header is not whole")
            return
        }
        // Padding may follow the last tensor.
        let padding = Int(header.alignment) - 1
        #expect((bytes.count - padding...bytes.count).contains(Int(header.fileByteCount)))
    }

    @Test("The header of a 70B model is parsed without a string for each of its 408,403 texts")
    func large() throws {
        let model = try HollowModel.llama70B()
        guard case .complete(let header) = try GGUFReader.header(from: model.header) else {
            Issue.record("the header is not whole")
            return
        }
        try GGUFValidator().validate(header, fileByteCount: UInt64(model.byteCount))
        #expect(header.byteCount == model.headerByteCount && header.tensors.count == 724)
        #expect(header.metadata.array("tokenizer.ggml.tokens")?.count == 128_256)
        #expect(header.metadata.array("tokenizer.ggml.merges")?.count == 280_147)
        #expect(ModelSummary(header: header).parameterCount == 70_553_706_560)
    }
}
