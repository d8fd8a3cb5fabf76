/// What can go wrong with kept conversations. Each description is one sentence: what, the value, what to do.
public enum ChatHistoryError: Error, Hashable, Sendable {
    /// There is no conversation like this, or it is another owner's.
    case notFound(String)
    /// Several conversations' ids begin like this.
    case ambiguous(String, count: Int)
    /// Somebody else added messages to the conversation.
    case changed(id: String, expected: Int, found: Int)
    /// A value is out of its range.
    case invalidValue(name: String, value: String, rule: String)
    /// More than is kept of something.
    case tooLarge(what: String, amount: Int64, limit: Int64, advice: String)
    /// A text is not an exported conversation.
    case invalidExport(reason: String)
    /// SQLite refused; its own words.
    case database(path: String, reason: String)
    /// A newer Roost wrote the database.
    case newerDatabase(path: String)
    /// The file is a database, but another program's.
    case foreignDatabase(path: String)
    /// Another process is making or changing the database for too long.
    case busy(path: String)
    /// A system call failed; the system's words.
    case io(path: String, operation: String, reason: String)
}

extension ChatHistoryError: CustomStringConvertible {
    /// One sentence: what was wrong, the value, what to do.
    public var description: String {
        switch self {
        case .notFound(let text):
            "There is no kept conversation “\(Self.shown(text))”; “roost history list” shows them."
        case .ambiguous(let text, let count):
            "The ids of \(count) kept conversations begin with “\(Self.shown(text))”; give more of the id."
        case .changed(let id, let expected, let found):
            "The conversation “\(Self.shown(id))” has \(found) messages, not \(expected): somebody else added to it; "
                + "read it again."
        case .invalidValue(let name, let value, let rule):
            "\(name) is “\(Self.shown(value))”, but must be \(rule)."
        case .tooLarge(let what, let amount, let limit, let advice):
            "\(what) would be \(amount), but at most \(limit) are kept; \(advice)."
        case .invalidExport(let reason): "This is not an exported conversation: \(reason)."
        case .database(let path, let reason):
            "The kept conversations in “\(Self.shown(path))” cannot be used: \(reason)."
        case .newerDatabase(let path):
            "The kept conversations in “\(Self.shown(path))” were written by a newer Roost; update Roost to use them."
        case .foreignDatabase(let path):
            "“\(Self.shown(path))” is a database of another program; move it away so that conversations can be kept."
        case .busy(let path):
            "Another process holds “\(Self.shown(path))”; try again when it has finished."
        case .io(let path, let operation, let reason):
            "Could not \(operation) “\(Self.shown(path))”: \(reason); check the path and its permissions."
        }
    }

    /// Text from outside on one line, cut where it is long.
    private static func shown(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
            default: line.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.count > 200 ? line + "…" : line
    }
}
