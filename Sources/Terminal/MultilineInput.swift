/// Joins the lines between `"""` and `"""` into one message, as Ollama's prompt does.
///
///     var input = MultilineInput()
///     input.add("\"\"\"Write a poem")   // nil: it goes on
///     input.add("about the sea.\"\"\"") // "Write a poem\nabout the sea."
public struct MultilineInput: Sendable, Hashable {
    private var lines: [String]?

    /// Input with nothing open.
    public init() {}

    /// Whether the quotes were opened and not closed yet.
    public var isOpen: Bool { lines != nil }

    /// Takes a line; returns the message that it completes. A line outside quotes is a message of its own.
    public mutating func add(_ line: String) -> String? {
        let quotes = "\"\"\""
        var rest = line
        if lines == nil {
            guard line.hasPrefix(quotes) else { return line }
            rest = String(line.dropFirst(3))
            lines = []
        }
        guard rest.hasSuffix(quotes) else {
            lines?.append(rest)
            return nil
        }
        let message = ((lines ?? []) + [String(rest.dropLast(3))]).joined(separator: "\n")
        lines = nil
        return message.hasPrefix("\n") ? String(message.dropFirst()) : message
    }

    /// Forgets what was open.
    public mutating func cancel() { lines = nil }
}
