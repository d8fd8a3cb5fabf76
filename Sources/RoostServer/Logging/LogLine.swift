import Foundation
import Logging

/// A line of the log. Whatever was in its values, it is one line: what comes from clients cannot add another.
struct LogLine {
    let time: Date
    let level: Logger.Level
    let label: String
    let message: String
    /// In the order in which they are written.
    let fields: [(String, String)]

    /// `2026-01-02T03:04:05.678Z info request method=GET path=/api/tags`.
    var text: String {
        var text = "\(timestamp) \(level.rawValue) \(Self.escaped(message))"
        for (key, value) in fields {
            text += " \(Self.escaped(key))=" + (Self.isPlain(value) ? value : Self.quoted(value))
        }
        return text + "\n"
    }

    /// One JSON object: `time`, `level`, `logger`, `message`, then the fields.
    var json: String {
        var object = "{\"time\":\"\(timestamp)\",\"level\":\"\(level.rawValue)\",\"logger\":\(Self.quoted(label)),"
        object += "\"message\":\(Self.quoted(message))"
        let taken: Set<String> = ["time", "level", "logger", "message"]
        for (key, value) in fields {
            object += ",\(Self.quoted(taken.contains(key) ? "_\(key)" : key)):"
            object += Self.isNumber(value) ? value : Self.quoted(value)
        }
        return object + "}\n"
    }

    /// `2026-01-02T03:04:05.678Z`.
    private var timestamp: String {
        let milliseconds = Int((time.timeIntervalSince1970 * 1000).rounded(.down))
        let (second, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        guard milliseconds >= 0 else {
            return time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        }
        return Self.lastSecond.text(second) + (rest < 10 ? ".00" : rest < 100 ? ".0" : ".") + "\(rest)Z"
    }

    private static let lastSecond = SecondText { second in
        String(Date(timeIntervalSince1970: Double(second)).formatted(Date.ISO8601FormatStyle()).dropLast())
    }

    /// Whether JSON may have it as a number; ids with leading zeros and the like are texts.
    private static func isNumber(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 15, text.utf8.allSatisfy({ (48...57).contains($0) })
        else {
            return false
        }
        return first != 48 || text.utf8.count == 1
    }

    /// Whether a reader of the text takes it for one value without quotes.
    private static func isPlain(_ text: String) -> Bool {
        let isOneWord = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C && $0 != 0x7F }
        guard isOneWord, !text.isEmpty else { return false }
        return text.utf8.allSatisfy { $0 < 0x80 } || !text.unicodeScalars.contains(where: isControl)
    }

    /// Characters that could end the line or steer a terminal, written as escapes.
    static func escaped(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func quoted(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "\"") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            default: result.unicodeScalars.append(scalar)
            }
        } + "\""
    }

    /// Control characters, line and paragraph separators, and those that turn the direction of text.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0xFEFF: true
        default: false
        }
    }
}
