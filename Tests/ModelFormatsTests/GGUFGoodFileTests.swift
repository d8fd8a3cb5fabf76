import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("Good GGUF files")
struct GGUFGoodFileTests {
    @Test("Every tiny model passes, as version 2 and 3, at every alignment", arguments: TinyModel.all.indices)
    func tinyModels(index: Int) throws {
        for version in [UInt32(2), 3] {
            for alignment in [UInt32(8), 32, 64, 4096] {
                let file = try TemporaryFile(TinyModel.all[index].bytes(version: version, alignment: alignment))
                let header = try GGUFValidator().validate(file.url).header
                #expect(header.version == version)
                #expect(header.alignment == alignment)
                #expect(header.dataOffset.isMultiple(of: UInt64(alignment)))
            }
        }
    }

    @Test("A vocabulary without tensors passes when that is allowed")
    func vocabularyOnly() throws {
        var writer = try GGUFWriter()
        for (key, value) in TinyModel.qwen2().metadata { writer.set(key, value) }
        let file = try TemporaryFile(writer.bytes { _, _ in })
        #expect(throws: GGUFError.noTensors) { try GGUFValidator().validate(file.url) }
        #expect(try GGUFValidator(requiresTensors: false).validate(file.url).header.tensors.isEmpty)
    }

    @Test("Padding after the last tensor may be there or not")
    func lastPadding() throws {
        let bytes = try SmallModel.bytes()
        let tensor = try #require(try GGUFReader.wholeHeader(of: bytes)?.tensors.last)
        #expect(tensor.byteCount.isMultiple(of: 32))
        var writer = try GGUFWriter(alignment: 4096)
        for (key, value) in TinyModel.llama().metadata { writer.set(key, value) }
        try writer.addTensor("x", dimensions: [1], type: .f32)
        let padded = try writer.bytes { _, sink in try [UInt8](repeating: 1, count: 4).withUnsafeBytes(sink) }
        for count in [padded.count, padded.count - 4092] {
            let file = try TemporaryFile(Array(padded.prefix(count)))
            #expect(throws: Never.self) { try GGUFValidator().validate(file.url) }
        }
    }

    @Test("A later part of a split model needs no metadata of its own")
    func laterPart() throws {
        var writer = try GGUFWriter()
        writer.set("split.no", .uint16(1))
        writer.set("split.count", .uint16(2))
        writer.set("split.tensors.count", .int32(30))
        try writer.addTensor("blk.0.ffn_up.weight", dimensions: [32, 2], type: .q4_0)
        let file = try TemporaryFile(
            writer.bytes { tensor, sink in
                try [UInt8](repeating: 0, count: Int(tensor.byteCount)).withUnsafeBytes(sink)
            })
        #expect(throws: Never.self) { try GGUFValidator().validate(file.url) }
    }

    @Test("Layers may differ in heads, and a layer without attention has 0")
    func perLayerHeads() throws {
        var model = TinyModel.llama()
        model["llama.attention.head_count"] = .array(GGUFArray([UInt32(2), 0]))
        model["llama.attention.head_count_kv"] = .array(GGUFArray([Int32(1), 0]))
        let file = try TemporaryFile(model.bytes())
        let header = try GGUFValidator().validate(file.url).header
        #expect(ModelSummary(header: header).headCount == 2)
    }

    @Test("A special token may be said not to exist")
    func absentToken() throws {
        var model = TinyModel.llama()
        model["tokenizer.ggml.padding_token_id"] = .uint32(.max)
        let file = try TemporaryFile(model.bytes())
        #expect(throws: Never.self) { try GGUFValidator().validate(file.url) }
    }

    @Test("A projector passes without layers and vocabulary")
    func projector() throws {
        var writer = try GGUFWriter()
        writer.set("general.architecture", .string("clip"))
        writer.set("clip.has_vision_encoder", .bool(true))
        try writer.addTensor("v.patch_embd.weight", dimensions: [4, 4, 3, 8], type: .f32)
        let file = try TemporaryFile(
            writer.bytes { tensor, sink in
                try [UInt8](repeating: 0, count: Int(tensor.byteCount)).withUnsafeBytes(sink)
            })
        let header = try GGUFValidator().validate(file.url).header
        #expect(ModelSummary(header: header).capabilities == [.vision])
    }
}
