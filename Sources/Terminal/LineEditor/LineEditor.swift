#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads lines from a terminal with editing: arrows, the usual control keys, history, words, cut and paste, text of
/// several rows, wide and combining characters. The terminal is in raw mode only while a line is read.
///
/// `readLine` blocks; call it on a thread of your own, never in an async function. Use it from one thread at a time.
public final class LineEditor {
    /// How reading a line ended.
    public enum Outcome: Sendable, Hashable {
        /// A line, entered with Return; may hold line breaks (pasted, or typed with alt-Return).
        case line(String)
        /// Ctrl-C.
        case interrupted
        /// Ctrl-D on an empty line, or the terminal is gone.
        case endOfInput
    }

    /// Lines entered before; the caller adds to it what is worth keeping.
    public var history: LineHistory

    private let descriptor: Int32
    private let console: Console
    private let rawMode: RawMode
    private let terminationWatch: SignalWatch
    private var decoder = KeyDecoder()
    private var pending: [UInt8] = []

    /// An editor over a terminal: keys from `descriptor`, drawn on `console`.
    public init(history: LineHistory, descriptor: Int32 = STDIN_FILENO, console: Console = .output) {
        self.history = history
        self.descriptor = descriptor
        self.console = console
        let rawMode = RawMode(descriptor: descriptor)
        self.rawMode = rawMode
        // Told to end, the process gives the terminal back its settings first.
        terminationWatch = SignalWatch([SIGTERM, SIGHUP]) { number in
            rawMode.leave()
            SignalWatch.deliver(number)
        }
    }

    /// Reads one line. `placeholder` is shown dimmed while nothing is typed.
    public func readLine(prompt: String, placeholder: String = "") -> Outcome {
        guard rawMode.enter() else { return .endOfInput }
        console.write(Self.bracketedPasteOn)
        defer {
            console.write(Self.bracketedPasteOff)
            rawMode.leave()
        }
        var line = Editing(prompt: prompt, placeholder: placeholder, console: console, entries: history.entries)
        line.draw()
        while let key = nextKey() {
            switch key {
            case .enter:
                line.finish()
                return .line(line.buffer.text)
            case .interrupt:
                line.finish()
                return .interrupted
            case .endOfInput where line.buffer.isEmpty:
                line.finish()
                return .endOfInput
            case .suspend:
                suspend()
                line.draw(afresh: true)
            default:
                line.apply(key)
                // Pasted or fast typed text is drawn once.
                if pending.isEmpty { line.draw() }
            }
        }
        line.finish()
        return .endOfInput
    }

    private static let bracketedPasteOn = "\u{1B}[?2004h"
    private static let bracketedPasteOff = "\u{1B}[?2004l"

    private func suspend() {
        console.write(Self.bracketedPasteOff + "\r\n")
        rawMode.leave()
        raise(SIGTSTP)
        _ = rawMode.enter()
        console.write(Self.bracketedPasteOn)
    }

    private func nextKey() -> Key? {
        while true {
            while !pending.isEmpty {
                if let key = decoder.decode(pending.removeFirst()) { return key }
            }
            // The Escape key sends one byte; a sequence's other bytes come right after it.
            if decoder.awaitsSequence, !isReadable(milliseconds: 50) { decoder.endSequence() }
            guard let bytes = readBytes() else { return nil }
            pending = bytes
        }
    }

    private func isReadable(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    private func readBytes() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &bytes, bytes.count)
            if count > 0 { return Array(bytes[..<count]) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                _ = isReadable(milliseconds: -1)
                continue
            }
            return nil
        }
    }
}

/// One line being edited: the text, where it is in the history, and what is on the screen.
private struct Editing {
    var buffer = LineBuffer()
    private let prompt: String
    private let placeholder: String
    private let console: Console
    private let entries: [String]
    /// The entry shown; `entries.count` is the new line.
    private var position: Int
    private var draft = ""
    private var drawnRow = 0

    init(prompt: String, placeholder: String, console: Console, entries: [String]) {
        self.prompt = prompt
        self.placeholder = placeholder
        self.console = console
        self.entries = entries
        position = entries.count
    }

    mutating func apply(_ key: Key) {
        switch key {
        case .text(let text), .paste(let text): buffer.insert(text)
        case .backspace: buffer.backspace()
        case .delete, .endOfInput: buffer.delete()
        case .left: buffer.moveLeft()
        case .right: buffer.moveRight()
        case .home: buffer.moveToStart()
        case .end: buffer.moveToEnd()
        case .wordLeft: buffer.moveWordLeft()
        case .wordRight: buffer.moveWordRight()
        case .killToEnd: buffer.killToEnd()
        case .killToStart: buffer.killToStart()
        case .killWord: buffer.killWord()
        case .killWordForward: buffer.killWordForward()
        case .yank: buffer.yank()
        case .transpose: buffer.transpose()
        case .up: if !buffer.moveRow(by: -1) { recall(position - 1) }
        case .down: if !buffer.moveRow(by: 1) { recall(position + 1) }
        case .clearScreen:
            console.write("\u{1B}[H\u{1B}[2J")
            drawnRow = 0
        case .enter, .interrupt, .suspend: break
        }
    }

    mutating func draw(afresh: Bool = false) {
        if afresh { drawnRow = 0 }
        let layout = layout
        var text = layout.drawing(over: drawnRow)
        if buffer.isEmpty, !placeholder.isEmpty {
            let room = (console.width ?? 80) - prompt.displayWidth - 1
            // Saves and restores the cursor around it (DECSC, DECRC).
            text += "\u{1B}7" + console.styled(placeholder.truncated(toWidth: room), .dim) + "\u{1B}8"
        }
        console.write(text)
        drawnRow = layout.cursor.row
    }

    /// Puts the cursor on a new row below all of it, and removes the placeholder.
    mutating func finish() {
        buffer.moveToLastCharacter()
        console.write(layout.drawing(over: drawnRow) + "\r\n")
        drawnRow = 0
    }

    private var layout: LineLayout {
        LineLayout(
            prompt: prompt, styledPrompt: console.styled(prompt, .bold), buffer: buffer, width: console.width ?? 80)
    }

    private mutating func recall(_ target: Int) {
        guard target >= 0, target <= entries.count, target != position else { return }
        if position == entries.count { draft = buffer.text }
        position = target
        buffer.replace(with: target == entries.count ? draft : entries[target])
    }
}
