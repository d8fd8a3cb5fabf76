/// The text being edited and the cursor in it, counted in characters as people see them (grapheme clusters).
struct LineBuffer: Sendable, Hashable {
    private(set) var characters: [Character] = []
    /// Between 0 and `characters.count`.
    private(set) var cursor = 0
    private var killed: [Character] = []

    init(_ text: String = "") { replace(with: text) }

    var text: String { String(characters) }
    var isEmpty: Bool { characters.isEmpty }

    /// Takes another text, the cursor at its end.
    mutating func replace(with text: String) {
        characters = Array(text)
        cursor = characters.count
    }

    /// Inserts at the cursor. A combining mark joins the character before it.
    mutating func insert(_ text: String) {
        let start = max(0, cursor - 1)
        let joined = Array(String(characters[start..<cursor]) + text)
        characters.replaceSubrange(start..<cursor, with: joined)
        cursor = start + joined.count
    }

    mutating func backspace() { if cursor > 0 { remove(cursor - 1..<cursor) } }
    mutating func delete() { if cursor < characters.count { remove(cursor..<cursor + 1) } }

    mutating func moveLeft() { cursor = max(0, cursor - 1) }
    mutating func moveRight() { cursor = min(characters.count, cursor + 1) }
    mutating func moveToStart() { cursor = lineStart }
    mutating func moveToEnd() { cursor = lineEnd }
    mutating func moveToLastCharacter() { cursor = characters.count }
    mutating func moveWordLeft() { cursor = wordStart }
    mutating func moveWordRight() { cursor = wordEnd }

    mutating func killToEnd() { kill(cursor..<lineEnd) }
    mutating func killToStart() { kill(lineStart..<cursor) }
    mutating func killWord() { kill(wordStart..<cursor) }
    mutating func killWordForward() { kill(cursor..<wordEnd) }
    mutating func yank() { insert(String(killed)) }

    /// Exchanges the two characters around the cursor, as in Emacs.
    mutating func transpose() {
        guard characters.count > 1, cursor > 0 else { return }
        let second = min(cursor, characters.count - 1)
        characters.swapAt(second - 1, second)
        cursor = second + 1
    }

    /// Moves to the row above or below in a text of several lines; false when there is none.
    mutating func moveRow(by step: Int) -> Bool {
        let column = cursor - lineStart
        if step < 0 {
            guard lineStart > 0 else { return false }
            let end = lineStart - 1
            cursor = end
            cursor = min(lineStart + column, end)
        } else {
            guard lineEnd < characters.count else { return false }
            cursor = lineEnd + 1
            cursor = min(cursor + column, lineEnd)
        }
        return true
    }

    private mutating func remove(_ range: Range<Int>) {
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }

    private mutating func kill(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        killed = Array(characters[range])
        remove(range)
    }

    private var lineStart: Int { (characters[..<cursor].lastIndex(of: "\n") ?? -1) + 1 }
    private var lineEnd: Int { characters[cursor...].firstIndex(of: "\n") ?? characters.count }

    private var wordStart: Int {
        var index = cursor
        while index > 0, characters[index - 1].isWhitespace { index -= 1 }
        while index > 0, !characters[index - 1].isWhitespace { index -= 1 }
        return index
    }

    private var wordEnd: Int {
        var index = cursor
        while index < characters.count, characters[index].isWhitespace { index += 1 }
        while index < characters.count, !characters[index].isWhitespace { index += 1 }
        return index
    }
}
