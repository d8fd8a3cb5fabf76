/// The numbers of a JSON text that stand behind a field's name, alone or first in an array, in their order.
///
/// Looks at each byte a bounded number of times, whatever the text is: it may be none that a parser takes.
struct NamedNumbers: Sequence, IteratorProtocol {
    struct Element {
        let field: String
        let range: Range<Int>
    }

    private static let longestName = 64

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Element? {
        while position < bytes.count {
            position += 1
            guard bytes[position - 1] == UInt8(ascii: "\"") else { continue }
            let name = take(Self.isOfName)
            // What ends the name may begin another one.
            guard 1...Self.longestName ~= name.count, take(UInt8(ascii: "\"")) else { continue }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { continue }
            skipBlanks()
            if take(UInt8(ascii: "[")) { skipBlanks() }
            let start = position
            _ = take(UInt8(ascii: "-"))
            guard position < bytes.count, Self.isDigit(bytes[position]) else { continue }
            _ = take(Self.isOfNumber)
            return Element(field: String(decoding: bytes[name], as: UTF8.self), range: start..<position)
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ isWanted: (UInt8) -> Bool) -> Range<Int> {
        let start = position
        while position < bytes.count, isWanted(bytes[position]) { position += 1 }
        return start..<position
    }

    private mutating func skipBlanks() { _ = take(\.isJSONWhitespace) }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func isOfNumber(_ byte: UInt8) -> Bool { isDigit(byte) || ".eE+-".utf8.contains(byte) }

    private static func isOfName(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_")
    }
}

extension UInt8 {
    /// Whether JSON may have it between its parts.
    var isJSONWhitespace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}
