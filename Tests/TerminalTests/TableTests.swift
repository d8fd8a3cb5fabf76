import Foundation
import Terminal
import Testing

@Suite struct TableTests {
    @Test func columnsAreAlignedAndLinesHaveNoTrailingSpaces() {
        var table = Table([.left("NAME"), .right("SIZE"), .left("NOTE")])
        table.add(["gemma3:270m", "253 MB", ""])
        table.add(["x", "1.2 GB", "active"])
        #expect(
            table.lines() == [
                "NAME           SIZE  NOTE",
                "gemma3:270m  253 MB",
                "x            1.2 GB  active",
            ])
    }

    @Test func wideCharactersTakeTwoColumns() {
        var table = Table([.left("NAME"), .left("B")])
        table.add(["日本語", "1"])
        table.add(["abcdef", "2"])
        table.add(["👍🏽é", "3"])
        #expect(table.lines() == ["NAME    B", "日本語  1", "abcdef  2", "👍🏽é     3"])
    }

    @Test func aFlexibleColumnIsCutToTheWindow() {
        var table = Table([.left("NAME", isFlexible: true), .right("SIZE")])
        table.add([String(repeating: "n", count: 60), "1 B"])
        let lines = table.lines(width: 30)
        #expect(lines.allSatisfy { $0.displayWidth <= 30 })
        #expect(lines[1] == String(repeating: "n", count: 23) + "…   1 B")
        #expect(table.lines(width: nil)[1].hasPrefix(String(repeating: "n", count: 60)))
    }

    @Test func controlCharactersOfACellNeverReachTheTerminal() {
        var table = Table([.left("A"), .left("B")])
        table.add(["\u{1B}[2Jx\u{9B}31m", "a\nb\tc"])
        #expect(table.lines()[1] == "�[2Jx�31m  a b c")
    }

    @Test func rowsOfAnotherLengthAreMadeToFit() {
        var table = Table([.left("A"), .left("B")])
        table.add(["1"])
        table.add(["1", "2", "3"])
        #expect(table.rows == [["1", ""], ["1", "2"]])
    }

    @Test(arguments: [
        ("", 0), ("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👨‍👩‍👧‍👦", 2), ("🇫🇷", 2), ("❤️", 2), ("ﾊﾝ", 2),
        ("\u{200B}", 0), ("한국", 4), ("a\u{7F}", 1), ("√", 1),
    ])
    func displayWidthCountsColumns(text: String, width: Int) {
        #expect(text.displayWidth == width)
    }

    @Test(arguments: [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("abc", 1, "…"),
        ("abc", 0, ""),
    ])
    func truncationKeepsWithinTheWidth(text: String, width: Int, expected: String) {
        #expect(text.truncated(toWidth: width) == expected)
        #expect(expected.displayWidth <= width)
    }

    private struct Item: ListedItem, Encodable {
        static let columns: [Table.Column] = [.left("NAME"), .right("N")]
        var name: String
        var number: Int
        var cells: [String] { [name, "\(number)"] }
    }

    @Test func aListPrintsAsTableJSONOrNames() throws {
        let items = [Item(name: "a", number: 1), Item(name: "bc", number: 20)]
        func printed(_ items: [Item], _ style: ListStyle) throws -> String {
            let sink = MemorySink()
            try Console(sink: sink).printList(items, style: style, empty: "Nothing.")
            return sink.text
        }
        #expect(try printed(items, .table) == "NAME   N\na      1\nbc    20\n")
        #expect(try printed(items, .names) == "a\nbc\n")
        #expect(try printed([], .table) == "Nothing.\n")
        #expect(try printed([], .names) == "")
        let json = try JSONSerialization.jsonObject(with: Data(printed(items, .json).utf8)) as? [[String: Any]]
        #expect(json?.map { $0["name"] as? String } == ["a", "bc"])
        #expect(try JSONSerialization.jsonObject(with: Data(printed([], .json).utf8)) as? [Int] == [])
    }
}
