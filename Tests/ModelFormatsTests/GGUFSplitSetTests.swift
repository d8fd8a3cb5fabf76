import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("The parts of a split model")
struct GGUFSplitSetTests {
    private func header(_ model: TinyModel) throws -> GGUFHeader {
        guard case .complete(let header) = try GGUFReader.header(from: try model.bytes()) else {
            throw GGUFError.emptyFile
        }
        return header
    }

    private func whole(_ parts: [TinyModel]) throws -> GGUFHeader {
        var set = GGUFSplitSet(count: parts.count)
        for part in parts { try set.add(try header(part)) }
        return try set.finish()
    }

    @Test("make the model that they were cut from", arguments: [1, 2, 3, 7])
    func joined(count: Int) throws {
        let model = TinyModel.llama(chatTemplate: TinyModel.chatML)
        let joined = try whole(model.parts(count))
        let single = try header(model)
        #expect(joined.tensors.map(\.name) == single.tensors.map(\.name))
        #expect(ModelSummary(header: joined) == ModelSummary(header: single))
        for part in model.parts(count) {
            let bytes = try part.bytes()
            try GGUFValidator().validate(try header(part), fileByteCount: UInt64(bytes.count))
        }
    }

    @Test("may begin with one that has no tensors")
    func emptyFirstPart() throws {
        var parts = TinyModel.llama().parts(2)
        let all = TinyModel.llama().parts(1)[0]
        parts[0] = all.withoutTensors
        for key in ["split.no", "split.count"] { parts[0][key] = nil }
        parts[0]["split.no"] = .uint16(0)
        parts[0]["split.count"] = .uint16(2)
        parts[1] = all
        parts[1]["split.no"] = .uint16(1)
        parts[1]["split.count"] = .uint16(2)
        let bytes = try parts[0].bytes()
        try GGUFValidator().validate(try header(parts[0]), fileByteCount: UInt64(bytes.count))
        #expect(try whole(parts).tensors.count == (try header(all)).tensors.count)
    }

    enum Fault: CaseIterable {
        case order, twice, missing, ofMore, tensorTotal, otherTotal, architecture, notSplit, rows
    }

    @Test("are refused when they do not belong together", arguments: Fault.allCases)
    func refused(fault: Fault) throws {
        var parts = TinyModel.llama().parts(3)
        switch fault {
        case .order: parts.swapAt(1, 2)
        case .twice: parts[2] = parts[1]
        case .missing: parts.removeLast()
        case .ofMore: parts[1]["split.count"] = .uint16(4)
        case .tensorTotal: for index in 0..<3 { parts[index]["split.tensors.count"] = .int32(1000) }
        case .otherTotal: parts[1]["split.tensors.count"] = .int32(1000)
        case .architecture: parts[2]["general.architecture"] = .string("qwen2")
        case .notSplit: parts[1] = TinyModel.llama()
        case .rows:
            // The embedding, in whatever part, must have a row for each token.
            parts[0]["tokenizer.ggml.tokens"] = .array(GGUFArray(["<a>", "<b>"]))
        }
        #expect(throws: GGUFError.self) { try whole(parts) }
    }

    @Test("say which part they are; a model in one file says nothing")
    func partNumbers() throws {
        let parts = try TinyModel.llama().parts(3).map { GGUFSplitSet.part(of: try header($0)) }
        #expect(parts.map { $0?.number } == [0, 1, 2] && parts.allSatisfy { $0?.count == 3 })
        #expect(GGUFSplitSet.part(of: try header(.llama())) == nil)
        #expect(GGUFSplitSet.part(of: try header(TinyModel.llama().parts(1)[0])) == nil)
    }
}
