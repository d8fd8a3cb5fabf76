import Foundation

/// What a list command prints of one item: a row of a table, or its name.
public protocol ListedItem {
    /// The table's columns.
    static var columns: [Table.Column] { get }
    /// One cell per column.
    var cells: [String] { get }
    /// What `--quiet` prints.
    var name: String { get }
}

/// How a list is printed.
public enum ListStyle: Sendable {
    case table, json, names
}

extension Console {
    /// Prints items as a table, a JSON array or names, one a line. `empty` is said instead of a table without rows.
    ///
    /// Throws `EncodingError` when an item has no JSON form.
    public func printList<Item: ListedItem & Encodable>(
        _ items: [Item], style: ListStyle = .table, empty: String? = nil
    ) throws {
        switch style {
        case .json: try printJSON(items)
        case .names: for item in items { print(item.name.printable) }
        case .table:
            if items.isEmpty, let empty { return print(empty) }
            var table = Table(Item.columns)
            for item in items { table.add(item.cells) }
            print(table)
        }
    }

    /// Prints a value as JSON for people and programs: indented, keys sorted, dates ISO 8601.
    ///
    /// Throws `EncodingError` when the value has no JSON form.
    public func printJSON(_ value: some Encodable) throws { print(try JSONText.pretty(value)) }

    /// Prints a value as JSON on one line: one event of a stream.
    ///
    /// Throws `EncodingError` when the value has no JSON form.
    public func printJSONLine(_ value: some Encodable) throws { print(try JSONText.line(value)) }
}

/// JSON as Roost's commands write it: keys sorted, dates in ISO 8601, slashes as they are, numbers that are not
/// finite as text.
public enum JSONText {
    /// Indented text. Throws `EncodingError`.
    public static func pretty(_ value: some Encodable) throws -> String { try encode(value, [.prettyPrinted]) }

    /// One line. Throws `EncodingError`.
    public static func line(_ value: some Encodable) throws -> String { try encode(value, []) }

    private static func encode(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
