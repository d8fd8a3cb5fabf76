import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("Tiny models")
struct TinyModelTests {
    @Test("A tiny model is the same bytes each time", arguments: TinyModel.all.indices)
    func deterministic(index: Int) throws {
        #expect(try TinyModel.all[index].bytes() == TinyModel.all[index].bytes())
    }

    @Test("A tiny model read back has its metadata and tensors", arguments: TinyModel.all.indices)
    func readBack(index: Int) throws {
        let model = TinyModel.all[index]
        let written = try TinyModelFile(model)
        let file = try GGUFReader.open(written.url)
        #expect(file.header.metadata.keys == model.metadata.map(\.key))
        for (key, value) in model.metadata { #expect(file.header.metadata[key] == value) }
        #expect(file.header.tensors == (try model.writer().tensors))
        #expect(file.fileByteCount < 500_000)
    }
}
