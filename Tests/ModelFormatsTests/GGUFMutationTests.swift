import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("Damaged GGUF files")
struct GGUFMutationTests {
    /// 10,000 damaged variants in all; a crash would end the test run.
    @Test("No damage crashes reader, validator or summary", arguments: 0..<20)
    func mutations(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let original = try SmallModel.bytes()
        let headerByteCount = try #require(try GGUFReader.wholeHeader(of: original)).byteCount
        var accepted = 0
        var refused = 0
        for round in 0..<500 {
            var bytes = original
            for _ in 0...Int.random(in: 0...2, using: &generator) {
                Self.damage(&bytes, headerByteCount: headerByteCount, using: &generator)
            }
            do {
                if round.isMultiple(of: 50) {
                    let file = try TemporaryFile(bytes)
                    try GGUFValidator().validate(file.url)
                }
                guard let header = try GGUFReader.wholeHeader(of: bytes) else {
                    Issue.record("a whole file cannot need more: seed \(seed), round \(round)")
                    continue
                }
                let summary = ModelSummary(header: header)
                #expect(summary.parameterCount >= 0)
                for (_, value) in header.metadata { _ = value.arrayValue?.strings }
                try GGUFValidator().validate(header, fileByteCount: UInt64(bytes.count))
                accepted += 1
            } catch let error as GGUFError {
                #expect(error.description.hasSuffix("."))
                refused += 1
            }
        }
        #expect(accepted > 0 && refused > 0)
        #expect(accepted + refused == 500)
    }

    private static func damage(
        _ bytes: inout [UInt8], headerByteCount: Int, using generator: inout SeededGenerator
    ) {
        guard bytes.count > 16 else { return }
        let header = min(headerByteCount, bytes.count)
        let place = Int.random(in: 0..<header, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
        case 3:
            // A piece of the file somewhere else.
            let length = Int.random(in: 1...min(64, header - place), using: &generator)
            let piece = Array(bytes[place..<(place + length)])
            bytes.insert(contentsOf: piece, at: Int.random(in: 0..<bytes.count, using: &generator))
        case 4:
            let length = Int.random(in: 1...min(64, bytes.count - place), using: &generator)
            bytes.removeSubrange(place..<(place + length))
        default:
            // The numbers at which arithmetic goes wrong.
            let edges: [UInt64] = [
                0, 1, .max, .max - 1, 1 << 63, (1 << 63) - 1, 1 << 32, (1 << 32) - 1, 1 << 31, 1 << 20, 13, 9,
            ]
            let value = edges.randomElement(using: &generator) ?? 0
            let size = [1, 2, 4, 8].randomElement(using: &generator) ?? 4
            for index in 0..<min(size, bytes.count - place) {
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            }
        }
    }

    @Test("Damaged tiny models of every architecture are judged too", arguments: TinyModel.all.indices)
    func tinyModels(index: Int) throws {
        var generator = SeededGenerator(seed: UInt64(index) + 1000)
        let original = try TinyModel.all[index].bytes()
        let headerByteCount = try #require(try GGUFReader.wholeHeader(of: original)).byteCount
        for _ in 0..<30 {
            var bytes = original
            Self.damage(&bytes, headerByteCount: headerByteCount, using: &generator)
            do {
                let header = try #require(try GGUFReader.wholeHeader(of: bytes))
                try GGUFValidator().validate(header, fileByteCount: UInt64(bytes.count))
            } catch is GGUFError {}
        }
    }
}
