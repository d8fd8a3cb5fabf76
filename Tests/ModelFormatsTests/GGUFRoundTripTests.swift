import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("Writing and reading")
struct GGUFRoundTripTests {
    @Test("What is written is read again, whatever it is", arguments: 0..<60)
    func roundTrip(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let alignment = UInt32(1) << UInt32.random(in: 0...12, using: &generator)
        var writer = try GGUFWriter(version: .random(in: 2...3, using: &generator), alignment: alignment)
        var values: [String: GGUFValue] = alignment == 32 ? [:] : ["general.alignment": .uint32(alignment)]
        for index in 0..<Int.random(in: 0...40, using: &generator) {
            let value = Self.value(using: &generator)
            values["key.\(index).ü"] = value
            writer.set("key.\(index).ü", value)
        }
        for index in 0..<Int.random(in: 0...12, using: &generator) {
            let type = GGMLType.allCases.randomElement(using: &generator) ?? .f32
            var dimensions = [type.blockElementCount * UInt64.random(in: 1...3, using: &generator)]
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                dimensions.append(.random(in: 1...4, using: &generator))
            }
            try writer.addTensor("tensor.\(index)", dimensions: dimensions, type: type)
        }
        func data(_ tensor: GGUFTensorInfo) -> [UInt8] {
            (0..<Int(tensor.byteCount)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ tensor.name.utf8.count) }
        }
        let file = try TemporaryFile([])
        try writer.write(to: file.url) { tensor, sink in
            // In two pieces, as a converter would stream it.
            let bytes = data(tensor)
            try bytes.prefix(bytes.count / 2).withUnsafeBytes(sink)
            try bytes.dropFirst(bytes.count / 2).withUnsafeBytes(sink)
        }

        for access in [GGUFReader.Access.memoryMapped, .copied] {
            let header = try GGUFReader.open(file.url, access: access).header
            #expect(header.version == writer.version)
            #expect(header.alignment == alignment)
            #expect(header.tensors == writer.tensors)
            #expect(header.metadata.count == values.count)
            for (key, value) in values { #expect(header.metadata[key] == value) }
            let bytes = [UInt8](try Data(contentsOf: file.url))
            for tensor in header.tensors {
                let start = Int(header.dataOffset + tensor.offset)
                #expect(start.isMultiple(of: Int(alignment)))
                #expect(Array(bytes[start..<(start + Int(tensor.byteCount))]) == data(tensor))
            }
        }
    }

    private static func value(using generator: inout SeededGenerator) -> GGUFValue {
        let count = Int.random(in: 0...9, using: &generator)
        func numbers<T: FixedWidthInteger>(_: T.Type) -> [T] {
            (0..<count).map { _ in T.random(in: .min ... .max, using: &generator) }
        }
        func texts() -> [String] {
            (0..<count).map { _ in String(repeating: "né\n", count: Int.random(in: 0...5, using: &generator)) }
        }
        func real() -> Double { .random(in: -1e6...1e6, using: &generator) }
        return switch Int.random(in: 0..<24, using: &generator) {
        case 0: .uint8(.random(in: .min ... .max, using: &generator))
        case 1: .int8(.random(in: .min ... .max, using: &generator))
        case 2: .uint16(.random(in: .min ... .max, using: &generator))
        case 3: .int16(.random(in: .min ... .max, using: &generator))
        case 4: .uint32(.random(in: .min ... .max, using: &generator))
        case 5: .int32(.random(in: .min ... .max, using: &generator))
        case 6: .uint64(.random(in: .min ... .max, using: &generator))
        case 7: .int64(.random(in: .min ... .max, using: &generator))
        case 8: .float32(Float(real()))
        case 9: .float64(real())
        case 10: .bool(.random(using: &generator))
        case 11: .string(texts().joined())
        case 12: .array(GGUFArray(numbers(UInt8.self)))
        case 13: .array(GGUFArray(numbers(Int8.self)))
        case 14: .array(GGUFArray(numbers(UInt16.self)))
        case 15: .array(GGUFArray(numbers(Int16.self)))
        case 16: .array(GGUFArray(numbers(UInt32.self)))
        case 17: .array(GGUFArray(numbers(Int32.self)))
        case 18: .array(GGUFArray(numbers(UInt64.self)))
        case 19: .array(GGUFArray(numbers(Int64.self)))
        case 20: .array(GGUFArray(texts()))
        case 21: .array(GGUFArray((0..<count).map { _ in Float(real()) }))
        case 22: .array(GGUFArray((0..<count).map { _ in real() }))
        default: .array(GGUFArray((0..<count).map { _ in Bool.random(using: &generator) }))
        }
    }

    @Test("An array gives its elements one by one, by index and all at once")
    func arrayAccess() throws {
        let texts = GGUFArray(["a", "", "grün"])
        #expect(texts.strings == ["a", "", "grün"])
        #expect(Array(texts) == [.string("a"), .string(""), .string("grün")])
        #expect(texts[2] == .string("grün"))
        #expect(texts[3] == nil && texts[-1] == nil)
        #expect(texts.integers == nil)
        let numbers = GGUFArray([Int16(-2), 7])
        #expect(numbers.integers == [-2, 7])
        #expect(numbers[1] == .int16(7))
        #expect(numbers.strings.isEmpty)
        #expect(GGUFArray([UInt64.max]).integers == nil)
    }

    @Test("A tensor that gets too little or too much data is an error, and leaves no file", arguments: [3, 5])
    func wrongData(count: Int) throws {
        var writer = try GGUFWriter()
        try writer.addTensor("t", dimensions: [1], type: .f32)
        let url = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString).gguf")
        #expect(throws: GGUFError.tensorDataCount(tensor: "t", expected: 4, written: UInt64(count))) {
            try writer.write(to: url) { _, sink in
                try [UInt8](repeating: 0, count: count).withUnsafeBytes(sink)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: url.path))
    }

    @Test("The writer keeps the format's rules for names and shapes")
    func writerRules() throws {
        var writer = try GGUFWriter()
        try writer.addTensor("t", dimensions: [32], type: .q4_0)
        #expect(throws: GGUFError.duplicateTensorName("t")) {
            try writer.addTensor("t", dimensions: [32], type: .q4_0)
        }
        #expect(throws: GGUFError.rowNotWholeBlocks(tensor: "u", row: 33, type: .q4_0)) {
            try writer.addTensor("u", dimensions: [33], type: .q4_0)
        }
        #expect(throws: GGUFError.dimensionCount(tensor: "v", count: 5)) {
            try writer.addTensor("v", dimensions: [1, 1, 1, 1, 1], type: .f32)
        }
        #expect(throws: GGUFError.alignmentNotPowerOfTwo(24)) { try GGUFWriter(alignment: 24) }
        #expect(throws: GGUFError.unsupportedVersion(1)) { try GGUFWriter(version: 1) }
    }
}
