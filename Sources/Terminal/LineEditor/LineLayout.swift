/// Where a prompt and a text land on a terminal of some width, and how to draw them over what was drawn before.
struct LineLayout: Sendable, Hashable {
    struct Position: Sendable, Hashable {
        var row = 0
        var column = 0
    }

    /// The prompt and the text, line breaks as carriage return and line feed.
    private(set) var output: String
    /// Where the cursor belongs, from the first row of the prompt.
    private(set) var cursor = Position()
    /// Where the text ends.
    private(set) var end = Position()

    /// `styledPrompt` is what is written, `prompt` (without escape sequences) what is measured.
    init(prompt: String, styledPrompt: String, buffer: LineBuffer, width: Int) {
        let width = max(2, width)
        output = styledPrompt
        for character in prompt { Self.advance(&end, over: character.displayWidth, width: width) }
        for (index, character) in buffer.characters.enumerated() {
            if index == buffer.cursor { cursor = Self.settled(end, width: width) }
            if character == "\n" {
                // At the right edge the terminal has not wrapped yet; the line feed does it.
                end = Position(row: end.row + 1, column: 0)
                output += "\r\n"
            } else {
                Self.advance(&end, over: character.displayWidth, width: width)
                output.append(character)
            }
        }
        if end.column == width {
            output += "\r\n"
            end = Self.settled(end, width: width)
        }
        if buffer.cursor == buffer.characters.count { cursor = end }
    }

    /// Escape sequences that replace what was drawn (the cursor being in its row `previousRow`) by this.
    func drawing(over previousRow: Int) -> String {
        var text = Self.up(previousRow) + "\r\u{1B}[J" + output
        text += Self.up(end.row - cursor.row) + "\r"
        if cursor.column > 0 { text += "\u{1B}[\(cursor.column)C" }
        return text
    }

    private static func up(_ rows: Int) -> String { rows > 0 ? "\u{1B}[\(rows)A" : "" }

    private static func advance(_ position: inout Position, over columns: Int, width: Int) {
        guard columns > 0 else { return }
        if position.column + columns > width { position = Position(row: position.row + 1, column: 0) }
        position.column += columns
    }

    private static func settled(_ position: Position, width: Int) -> Position {
        position.column >= width ? Position(row: position.row + 1, column: 0) : position
    }
}
