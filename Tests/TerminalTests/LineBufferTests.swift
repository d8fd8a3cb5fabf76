import Foundation
import Testing

@testable import Terminal

@Suite struct LineBufferTests {
    private func move(_ buffer: inout LineBuffer, by step: Int) -> Bool { buffer.moveRow(by: step) }
    private func decode(_ bytes: some Sequence<UInt8>, with decoder: inout KeyDecoder) -> [Key] {
        bytes.compactMap { decoder.decode($0) }
    }
    private func add(_ line: String, to input: inout MultilineInput) -> String? { input.add(line) }

    @Test func combiningMarksJoinTheCharacterBefore() {
        var buffer = LineBuffer("e")
        buffer.insert("\u{301}")
        #expect(buffer.characters == ["é"])
        #expect(buffer.cursor == 1)
        buffer.backspace()
        #expect(buffer.isEmpty)
        buffer.insert("👩")
        buffer.insert("\u{200D}")
        buffer.insert("💻")
        #expect(buffer.characters.count == 1)
    }

    @Test func wordsAreKilledAndYanked() {
        var buffer = LineBuffer("one two  three")
        buffer.killWord()
        #expect(buffer.text == "one two  ")
        buffer.moveWordLeft()
        buffer.killToEnd()
        #expect(buffer.text == "one ")
        buffer.yank()
        #expect(buffer.text == "one two  ")
        buffer.moveToStart()
        buffer.killWordForward()
        #expect(buffer.text == " two  ")
        buffer.moveToEnd()
        buffer.killToStart()
        #expect(buffer.isEmpty)
    }

    @Test func editingAtTheEndsDoesNothing() {
        var buffer = LineBuffer()
        buffer.backspace()
        buffer.delete()
        buffer.moveLeft()
        buffer.moveRight()
        buffer.moveWordLeft()
        buffer.moveWordRight()
        buffer.killToEnd()
        buffer.killToStart()
        buffer.killWord()
        buffer.yank()
        buffer.transpose()
        #expect(buffer == LineBuffer())
    }

    @Test func arrowsMoveBetweenRowsOfOneText() {
        var buffer = LineBuffer("first\nab\nthird")
        #expect(move(&buffer, by: -1))
        #expect(buffer.cursor == 8)
        #expect(move(&buffer, by: -1))
        #expect(buffer.cursor == 2)
        #expect(!move(&buffer, by: -1))
        #expect(move(&buffer, by: 1))
        #expect(move(&buffer, by: 1))
        #expect(!move(&buffer, by: 1))
    }

    @Test func transposeExchangesTheLastTwo() {
        var buffer = LineBuffer("ab")
        buffer.transpose()
        #expect(buffer.text == "ba")
    }

    @Test(arguments: [
        ("\u{1B}[A", [Key.up]), ("\u{1B}OA", [.up]), ("\u{1B}[1;5C", [.wordRight]), ("\u{1B}[3~", [.delete]),
        ("\u{1B}b", [.wordLeft]),
        ("\u{01}\u{05}\u{0B}\u{15}\u{17}", [.home, .end, .killToEnd, .killToStart, .killWord]),
        ("é日👍", [.text("é"), .text("日"), .text("👍")]), ("\r", [.enter]), ("\u{1B}\r", [.text("\n")]),
        ("\u{1B}[200~a\rb\u{1B}[31m\u{1B}[201~x", [.paste("a\nb[31m"), .text("x")]),
        ("\u{1B}[99;99Zq", [.text("q")]), ("\u{03}\u{04}\u{1A}", [.interrupt, .endOfInput, .suspend]),
    ])
    func bytesBecomeKeys(input: String, keys: [Key]) {
        var decoder = KeyDecoder()
        #expect(decode(input.utf8, with: &decoder) == keys)
    }

    @Test func brokenBytesAreDroppedWithoutLosingTheNextKey() {
        var decoder = KeyDecoder()
        let bytes: [UInt8] = [0xC3, 0x41, 0xFF, 0x80, 0xE2, 0x82, 0x42, 0xF4, 0x90, 0x80, 0x80, 0x43]
        #expect(decode(bytes, with: &decoder) == [.text("A"), .text("B"), .text("C")])
    }

    @Test func aLoneEscapeIsForgotten() {
        var decoder = KeyDecoder()
        #expect(decode([0x1B], with: &decoder) == [])
        #expect(decoder.awaitsSequence)
        decoder.endSequence()
        #expect(decode([0x5B], with: &decoder) == [.text("[")])
    }

    @Test func historySurvivesAndForgetsRepeats() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "history")
        var history = LineHistory(file: file)
        history.add("one")
        history.add("one")
        history.add("two\nlines \\ and \\n")
        history.add("")
        #expect(LineHistory(file: file).entries == ["one", "two\nlines \\ and \\n"])
        let permissions = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(permissions == 0o600)

        var short = LineHistory(file: file, limit: 3)
        for number in 0..<10 { short.add("\(number)") }
        #expect(short.entries == ["7", "8", "9"])
        #expect(LineHistory(file: file, limit: 3).entries == ["7", "8", "9"])
        // Read with far more lines than wanted, the file was rewritten.
        #expect(try String(contentsOf: file, encoding: .utf8) == "7\n8\n9\n")
    }

    @Test func quotesJoinLines() {
        var input = MultilineInput()
        #expect(add("plain", to: &input) == "plain")
        #expect(add("\"\"\"one\"\"\"", to: &input) == "one")
        #expect(add("\"\"\"", to: &input) == nil)
        #expect(input.isOpen)
        #expect(add("a \"\"\" b", to: &input) == nil)
        #expect(add("", to: &input) == nil)
        #expect(add("end\"\"\"", to: &input) == "a \"\"\" b\n\nend")
        #expect(!input.isOpen)
        _ = input.add("\"\"\"x")
        input.cancel()
        #expect(add("y", to: &input) == "y")
    }
}
