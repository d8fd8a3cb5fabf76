/// Reads GBNF as far as its shape goes.
///
/// Format: llama.cpp's `grammars/README.md`. A name before `::=` begins a rule, so line ends need no care.
struct GrammarReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The alternatives of each rule.
    ///
    /// Throws `InferenceError.invalidGrammar`.
    mutating func read() throws -> [String: [[GrammarItem]]] {
        var rules: [String: [[GrammarItem]]] = [:]
        skipSpace()
        while index < bytes.count {
            guard let name = try name(), try skip("::=") else { throw wrong("a rule (name ::= …)") }
            rules[name] = try alternatives(depth: 0)
            guard index < bytes.count else { break }
            guard startsRule() else { throw wrong("the end of a rule") }
        }
        return rules
    }

    private mutating func alternatives(depth: Int) throws -> [[GrammarItem]] {
        guard depth <= GrammarBounds.depthLimit else {
            throw InferenceError.invalidGrammar(
                reason: "it is nested deeper than \(GrammarBounds.depthLimit)")
        }
        var result: [[GrammarItem]] = [[]]
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "|"):
                index += 1
                skipSpace()
                result.append([])
            case UInt8(ascii: ")"): return result
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
                try repetition(of: &result[result.count - 1])
            default:
                if startsRule() { return result }
                let item = try item(depth: depth)
                result[result.count - 1].append(item)
            }
        }
        return result
    }

    private mutating func item(depth: Int) throws -> GrammarItem {
        switch bytes[index] {
        case UInt8(ascii: "\""):
            let length = try delimited(by: UInt8(ascii: "\""))
            return GrammarItem(content: .terminal(isEmpty: length == 0))
        case UInt8(ascii: "["):
            _ = try delimited(by: UInt8(ascii: "]"))
            return GrammarItem(content: .terminal(isEmpty: false))
        case UInt8(ascii: "<"), UInt8(ascii: "!"):
            _ = try delimited(by: UInt8(ascii: ">"))
            return GrammarItem(content: .terminal(isEmpty: false))
        case UInt8(ascii: "."):
            index += 1
            skipSpace()
            return GrammarItem(content: .terminal(isEmpty: false))
        case UInt8(ascii: "("):
            index += 1
            skipSpace()
            let group = try alternatives(depth: depth + 1)
            guard try skip(")") else { throw wrong("a closing parenthesis") }
            return GrammarItem(content: .group(group))
        default:
            guard let name = try name() else { throw wrong("a literal, a class, a rule or a group") }
            return GrammarItem(content: .rule(name))
        }
    }

    private mutating func repetition(of items: inout [GrammarItem]) throws {
        guard var last = items.popLast() else { throw wrong("something to repeat") }
        let sign = bytes[index]
        index += 1
        // What was repeated already is one thing to the next sign.
        if last.isOptional || last.count > 1 { last = GrammarItem(content: .group([[last]])) }
        switch sign {
        case UInt8(ascii: "*"): (last.isOptional, last.count) = (true, .max)
        case UInt8(ascii: "+"): last.count = .max
        case UInt8(ascii: "?"): last.isOptional = true
        default:
            skipSpace()
            guard let least = number() else { throw wrong("a number") }
            var most: Int? = least
            if try skip(",") { most = number() }
            guard try skip("}") else { throw wrong("a closing brace") }
            last.isOptional = least == 0
            last.count = most ?? .max
        }
        skipSpace()
        items.append(last)
    }

    private mutating func number() -> Int? {
        let start = index
        while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index += 1 }
        guard index > start else { return nil }
        let value = Int(String(decoding: bytes[start..<index], as: UTF8.self)) ?? .max
        skipSpace()
        return value
    }

    /// Bytes between the one here and `end`.
    private mutating func delimited(by end: UInt8) throws -> Int {
        let start = index + 1
        index += 1
        while index < bytes.count, bytes[index] != end {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard index < bytes.count else {
            throw InferenceError.invalidGrammar(reason: "it ends in the middle of a literal or a class")
        }
        let length = index - start
        index += 1
        skipSpace()
        return length
    }

    private mutating func name() throws -> String? {
        let start = index
        while index < bytes.count, Self.isWord(bytes[index]) { index += 1 }
        guard index > start else { return nil }
        let name = String(decoding: bytes[start..<index], as: UTF8.self)
        skipSpace()
        return name
    }

    private mutating func skip(_ text: StaticString) throws -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes[index...].starts(with: wanted) else { return false }
        index += wanted.count
        skipSpace()
        return true
    }

    /// Whether a name and `::=` stand here.
    private func startsRule() -> Bool {
        var copy = self
        guard (try? copy.name()) != nil else { return false }
        return copy.bytes[copy.index...].starts(with: "::=".utf8)
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): index += 1
            case UInt8(ascii: "#"):
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            default: return
            }
        }
    }

    private func wrong(_ expected: String) -> InferenceError {
        let place = String(decoding: bytes[index...].prefix(40), as: UTF8.self)
        return .invalidGrammar(reason: "\(expected) was expected at “\(place)”")
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
