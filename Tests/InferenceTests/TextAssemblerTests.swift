import ModelFixtures
import Testing

@testable import Inference

@Suite("Text from tokens' bytes")
struct TextAssemblerTests {
    /// Feeds `bytes` in pieces of random length and returns what was emitted, piece by piece.
    private func assemble(
        _ bytes: [UInt8], stops: [String], _ generator: inout SeededGenerator
    ) -> (pieces: [String], stop: String?) {
        var assembler = TextAssembler(stops: stops)
        var pieces: [String] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + Int.random(in: 0...4, using: &generator))
            pieces.append(assembler.append(bytes[position..<end]))
            position = end
        }
        pieces.append(assembler.finish())
        return (pieces, assembler.metStop)
    }

    @Test("However the bytes are cut, the text is whole and no character is split", arguments: 0..<200)
    func whole(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let alphabet = Array("aé€😀𐍈\n한👩‍👩‍👧‍👦 <|end|>".unicodeScalars)
        let count = Int.random(in: 0...40, using: &generator)
        let text = String(
            String.UnicodeScalarView(
                (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }))
        let (pieces, stop) = assemble(Array(text.utf8), stops: ["<|never|>"], &generator)
        #expect(stop == nil)
        // Compared by scalars: canonical equality would hide a wrong one.
        #expect(pieces.joined().unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(!pieces.joined().unicodeScalars.contains("\u{FFFD}"))
    }

    @Test("However the bytes are cut, the text ends before the stop string that is complete first", arguments: 0..<400)
    func stopped(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let letters = Array("ab€".unicodeScalars)
        func random(_ range: ClosedRange<Int>) -> String {
            let count = Int.random(in: range, using: &generator)
            return String(
                String.UnicodeScalarView((0..<count).map { _ in letters[Int.random(in: 0..<3, using: &generator)] }))
        }
        let text = Array(random(0...30).utf8)
        let stops = (0..<Int.random(in: 1...3, using: &generator)).map { _ in random(1...4) }
        let ends = (1...max(text.count, 1)).first { end in stops.contains { text.prefix(end).ends(with: $0) } }
        let start = ends.flatMap { end in
            stops.filter { text.prefix(end).ends(with: $0) }.map { end - $0.utf8.count }.min()
        }
        let (pieces, stop) = assemble(text, stops: stops, &generator)
        #expect(Array(pieces.joined().utf8) == Array(text[..<(start ?? text.count)]))
        #expect((stop == nil) == (start == nil))
    }

    @Test("Bytes that are no UTF-8 become replacement characters, and what follows is not lost")
    func invalid() {
        var assembler = TextAssembler(stops: [])
        var text = assembler.append([0xFF, 0x41, 0xC3])
        text += assembler.append([0x42])
        text += assembler.append([0xF0, 0x9F])
        text += assembler.finish()
        #expect(text.hasPrefix("\u{FFFD}A\u{FFFD}B"))
        #expect(text.unicodeScalars.last == "\u{FFFD}")
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with text: String) -> Bool {
        let bytes = Array(text.utf8)
        return count >= bytes.count && suffix(bytes.count).elementsEqual(bytes)
    }
}
