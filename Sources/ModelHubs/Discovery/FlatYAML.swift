import Foundation

/// The `key: value` lines at the outermost level of a YAML text: all that Jan's model.yml needs. Nested blocks and
/// lists are passed over.
struct FlatYAML: Sendable {
    private var values: [String: String] = [:]

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, !first.isWhitespace, first != "#", first != "-",
                let colon = line.firstIndex(of: ":")
            else { continue }
            let rest = line[line.index(after: colon)...]
            // “a:b” is one plain text in YAML, not a key with a value.
            guard rest.isEmpty || rest.first == " " || rest.first == "\t" else { continue }
            let key = Self.unquoted(line[..<colon].trimmingCharacters(in: .whitespaces))
            values[key] = Self.scalar(rest.trimmingCharacters(in: .whitespaces))
        }
    }

    subscript(key: String) -> String? { values[key].flatMap { $0.isEmpty ? nil : $0 } }

    private static func scalar(_ text: String) -> String {
        if text.hasPrefix("\"") || text.hasPrefix("'") { return unquoted(text) }
        // A comment begins after white space.
        let end = text.range(of: " #")?.lowerBound ?? text.endIndex
        let value = text[..<end].trimmingCharacters(in: .whitespaces)
        return ["~", "null", "|", ">"].contains(value) ? "" : value
    }

    private static func unquoted(_ text: String) -> String {
        guard let quote = text.first, quote == "\"" || quote == "'" else { return text }
        var result = ""
        var isEscaped = false
        var rest = text.dropFirst()[...]
        while let character = rest.popFirst() {
            if isEscaped {
                result.append(character == "n" ? "\n" : character == "t" ? "\t" : character)
                isEscaped = false
            } else if character == "\\", quote == "\"" {
                isEscaped = true
            } else if character == quote {
                // Two single quotes stand for one.
                guard quote == "'", rest.first == "'" else { return result }
                result.append(character)
                rest.removeFirst()
            } else {
                result.append(character)
            }
        }
        return result
    }
}
