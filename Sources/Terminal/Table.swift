/// Rows in aligned columns, as lists print them.
///
///     var table = Table([.left("NAME"), .right("SIZE")])
///     table.add(["gemma3:270m", "253 MB"])
///     console.print(table)
public struct Table: Sendable {
    /// One column: its title and how its cells are aligned.
    public struct Column: Sendable {
        /// Where the text of a cell sits.
        public enum Alignment: Sendable { case left, right }

        /// Printed above the cells.
        public var title: String
        /// How its cells are aligned.
        public var alignment: Alignment
        /// Whether cells may lose their end when the window is too narrow.
        public var isFlexible: Bool

        /// Text: aligned left.
        public static func left(_ title: String, isFlexible: Bool = false) -> Column {
            Column(title: title, alignment: .left, isFlexible: isFlexible)
        }
        /// Numbers: aligned right.
        public static func right(_ title: String) -> Column {
            Column(title: title, alignment: .right, isFlexible: false)
        }
    }

    /// The columns, left to right.
    public let columns: [Column]
    /// The cells, row by row, each row as long as `columns`.
    public private(set) var rows: [[String]] = []

    /// A table without rows.
    public init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; missing cells are empty, cells beyond the columns are left out. Control characters in a cell
    /// (names and titles come from files) are shown as “�”, so that none reaches the terminal.
    public mutating func add(_ cells: [String]) {
        let clean = cells.prefix(columns.count).map(\.printable)
        rows.append(clean + Array(repeating: "", count: columns.count - clean.count))
    }

    /// The lines: titles, then rows, two spaces between columns, no spaces at the end of a line. With `width`,
    /// flexible columns are cut so that lines fit.
    public func lines(width: Int? = nil) -> [String] {
        var widths = columns.indices.map { index in
            rows.reduce(columns[index].title.displayWidth) { max($0, $1[index].displayWidth) }
        }
        if let width { shrink(&widths, to: width) }
        return ([columns.map(\.title)] + rows).map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let text = cell.truncated(toWidth: widths[index])
                let padding = String(repeating: " ", count: widths[index] - text.displayWidth)
                line += columns[index].alignment == .right ? padding + text : text + padding
                if index < row.count - 1 { line += "  " }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func shrink(_ widths: inout [Int], to width: Int) {
        var excess = widths.reduce(0, +) + 2 * max(0, widths.count - 1) - width
        for index in columns.indices.reversed() where columns[index].isFlexible && excess > 0 {
            let smallest = min(widths[index], max(8, columns[index].title.displayWidth))
            let cut = min(excess, widths[index] - smallest)
            widths[index] -= cut
            excess -= cut
        }
    }
}

extension String {
    /// This text with each control character (Unicode Cc, which terminals act on) replaced by “�”; tabs and line
    /// breaks become a space.
    public var printable: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar == "\t" || scalar == "\n" || scalar == "\r" {
                result.append(" ")
            } else {
                result.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
            }
        }
        return String(result)
    }
}

extension StringProtocol {
    /// This text without the control characters that a terminal acts on; line breaks and tabs stay. What a model says
    /// goes through here before it reaches a terminal.
    public var withoutTerminalControls: String {
        let isPlain = { (scalar: Unicode.Scalar) in
            scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
        }
        guard !unicodeScalars.allSatisfy(isPlain) else { return String(self) }
        return String(String.UnicodeScalarView(unicodeScalars.filter(isPlain)))
    }
}

extension Console {
    /// Prints a table, titles in bold, cut to the window where there is one.
    public func print(_ table: Table) {
        for (index, line) in table.lines(width: width).enumerated() {
            print(index == 0 ? styled(line, .bold) : line)
        }
    }
}
