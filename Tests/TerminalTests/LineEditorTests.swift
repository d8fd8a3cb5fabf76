import Foundation
import Synchronization
import Testing

@testable import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A pseudo-terminal: the test is at `keyboard`, the line editor at `terminal`.
private final class PseudoTerminal {
    let keyboard: Int32
    let terminal: Int32

    init(columns: UInt16) throws {
        var keyboard: Int32 = -1
        var terminal: Int32 = -1
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&keyboard, &terminal, nil, nil, &size) == 0 else { throw POSIXError(.ENXIO) }
        self.keyboard = keyboard
        self.terminal = terminal
    }

    deinit {
        close(keyboard)
        close(terminal)
    }

    func type(_ text: String) { DescriptorSink(descriptor: keyboard).write(text) }

    var isRaw: Bool {
        var settings = termios()
        tcgetattr(terminal, &settings)
        return settings.c_lflag & tcflag_t(ICANON) == 0
    }

    /// Reads what was drawn until `marker` was.
    func drawn(until marker: String) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: bytes, as: UTF8.self).contains(marker) {
            let count = read(keyboard, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// As much of a terminal as the editor uses: text with late wrapping, carriage return, line feed, up, right, erase.
private struct Screen {
    private(set) var rows: [[String]] = [[]]
    private(set) var row = 0
    private(set) var column = 0
    let width: Int

    var text: [String] {
        rows.map { row in
            var line = row.joined()
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    mutating func write(_ text: String) {
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\r\n":
                column = 0
                lineFeed()
            case "\r": column = 0
            case "\n": lineFeed()
            case "\u{1B}":
                guard rest.popFirst() == "[" else { continue }
                let parameters = rest.prefix { !$0.isLetter }
                rest = rest.dropFirst(parameters.count)
                let count = Int(parameters) ?? 1
                switch rest.popFirst() {
                case "A": row = max(0, row - count)
                case "C": column = min(width - 1, column + count)
                case "J":
                    rows = Array(rows[...row])
                    rows[row] = Array(rows[row].prefix(column))
                default: break
                }
            default: put(character)
            }
        }
    }

    private mutating func lineFeed() {
        row += 1
        if row == rows.count { rows.append([]) }
    }

    private mutating func put(_ character: Character) {
        if column + character.displayWidth > width {
            column = 0
            lineFeed()
        }
        while rows[row].count < column + character.displayWidth { rows[row].append(" ") }
        rows[row][column] = String(character)
        if character.displayWidth == 2 { rows[row][column + 1] = "" }
        column += character.displayWidth
    }
}

@Suite struct LineEditorTests {
    /// What the editor makes of `keys`. The person and the editor each have a thread: both block.
    private func read(_ keys: String, history: [String] = []) async throws -> LineEditor.Outcome {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try Self.type(keys, history: history) }) }.start()
        }
    }

    private static func type(_ keys: String, history: [String]) throws -> LineEditor.Outcome {
        let terminal = try PseudoTerminal(columns: 80)
        let descriptor = terminal.terminal
        let finished = DispatchSemaphore(value: 0)
        let shared = Shared()
        Thread {
            var entries = LineHistory(file: nil)
            for entry in history { entries.add(entry) }
            let console = Console(descriptor: descriptor, environment: ["TERM": "xterm"])
            let editor = LineEditor(history: entries, descriptor: descriptor, console: console)
            let result = editor.readLine(prompt: ">>> ")
            shared.outcome.withLock { $0 = result }
            finished.signal()
        }.start()
        _ = terminal.drawn(until: ">>> ")
        #expect(terminal.isRaw)
        terminal.type(keys)
        finished.wait()
        #expect(!terminal.isRaw)
        return try #require(shared.outcome.withLock { $0 })
    }

    private final class Shared: Sendable {
        let outcome = Mutex(LineEditor.Outcome?.none)
    }

    @Test(arguments: [
        ("hello\r", "hello"),
        ("helo\u{1B}[Dl\r", "hello"),
        ("xyz\u{01}a\u{05}b\r", "axyzb"),
        ("one two\u{17}three\r", "one three"),
        ("abc\u{7F}\u{7F}\r", "a"),
        ("日本語\u{7F}é\r", "日本é"),
        ("a b\u{15}c\u{19}\r", "ca b"),
        ("\u{1B}[200~two\rlines\u{1B}[201~\r", "two\nlines"),
        ("ab\u{1B}[D\u{04}\r", "a"),
    ])
    func aLineIsEdited(keys: String, line: String) async throws {
        #expect(try await read(keys) == .line(line))
    }

    @Test(arguments: [
        ("\u{1B}[A\r", "second"), ("\u{1B}[A\u{1B}[A\r", "first"), ("\u{1B}[A\u{1B}[A\u{1B}[A\r", "first"),
        ("draft\u{1B}[A\u{1B}[B\r", "draft"), ("\u{10}!\r", "second!"),
    ])
    func arrowsRecallHistory(keys: String, line: String) async throws {
        #expect(try await read(keys, history: ["first", "second"]) == .line(line))
    }

    @Test func controlKeysEndTheLine() async throws {
        #expect(try await read("abc\u{03}") == .interrupted)
        #expect(try await read("\u{04}") == .endOfInput)
    }

    @Test func inputThatIsNoTerminalEnds() {
        let pipe = Pipe()
        let editor = LineEditor(
            history: LineHistory(file: nil), descriptor: pipe.fileHandleForReading.fileDescriptor,
            console: Console(sink: MemorySink()))
        #expect(editor.readLine(prompt: "> ") == .endOfInput)
    }

    /// Every edit is drawn over the one before; the screen must show the text, and the cursor must be in it.
    @Test(arguments: [10, 11, 20, 80])
    func drawingShowsTheTextAtEveryWidth(width: Int) {
        var screen = Screen(width: width)
        var buffer = LineBuffer()
        var row = 0
        func draw() {
            let layout = LineLayout(prompt: "> ", styledPrompt: "\u{1B}[1m> \u{1B}[0m", buffer: buffer, width: width)
            screen.write(layout.drawing(over: row))
            row = layout.cursor.row
            #expect(screen.row == layout.cursor.row)
            #expect(screen.column == layout.cursor.column)

            var expected = Screen(width: width)
            expected.write("> " + buffer.text.replacing("\n", with: "\r\n"))
            let shown = screen.text.joined(separator: "\n")
            // A text that ends at the right edge leaves an empty row for the cursor.
            #expect(
                shown == expected.text.joined(separator: "\n") || shown == expected.text.joined(separator: "\n") + "\n")
        }
        draw()
        for character in "The quick 日本語 brown\nfox jumps over 👍 the lazy dog, twice" {
            buffer.insert(String(character))
            draw()
        }
        for _ in 0..<30 {
            buffer.moveLeft()
            draw()
        }
        buffer.insert("inserted 文 text ")
        draw()
        buffer.killToStart()
        draw()
        while !buffer.isEmpty {
            buffer.moveToLastCharacter()
            buffer.backspace()
            draw()
        }
        #expect(screen.text.joined() == ">")
    }
}
