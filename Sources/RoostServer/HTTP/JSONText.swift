import Foundation
import Synchronization

/// A part of a request's body as the client wrote it: the order of a schema's properties is the order in which a model
/// fills them, and a dictionary would lose it.
struct JSONText: Decodable, Sendable, Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    init(from decoder: any Decoder) throws {
        guard let key = CodingUserInfoKey.jsonOutline, let outline = decoder.userInfo[key] as? JSONOutline,
            let text = outline.text(at: decoder.codingPath)
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "it cannot be read"))
        }
        self.text = text
    }

    /// Whether it is an object.
    var isObject: Bool { text.hasPrefix("{") }
    /// Whether it is `null`.
    var isNull: Bool { text == "null" }

    /// The string that it is; `nil` when it is something else.
    var string: String? {
        guard text.hasPrefix("\"") else { return nil }
        return try? JSONDecoder().decode(String.self, from: Data(text.utf8))
    }
}

extension CodingUserInfoKey {
    /// The body's outline, for ``JSONText``.
    static let jsonOutline = CodingUserInfoKey(rawValue: "roost.json-outline")
}

/// Where the values of a JSON text begin and end. Made for a text that a parser has accepted; each array and object on
/// the way to a value is gone through once.
final class JSONOutline: Sendable {
    private enum Children {
        case object([String: Range<Int>])
        case array([Range<Int>])
    }

    private struct State {
        var root: Range<Int>?
        var known: [Int: Children] = [:]
    }

    private let bytes: [UInt8]
    private let state = Mutex(State())

    init(_ data: Data) { bytes = Array(data) }

    /// The text of the value at a path; `nil` when there is none.
    func text(at path: [any CodingKey]) -> String? {
        guard var place = root else { return nil }
        for key in path {
            guard let next = child(key, of: place) else { return nil }
            place = next
        }
        return String(validating: bytes[place], as: UTF8.self)
    }

    private var root: Range<Int>? {
        state.withLock { state in
            if state.root == nil { state.root = value(from: 0)?.range }
            return state.root
        }
    }

    private func child(_ key: any CodingKey, of place: Range<Int>) -> Range<Int>? {
        let children: Children? = state.withLock { state in
            if let children = state.known[place.lowerBound] { return children }
            let children = self.children(of: place)
            state.known[place.lowerBound] = children
            return children
        }
        switch children {
        case .array(let ranges): return key.intValue.flatMap { ranges.indices.contains($0) ? ranges[$0] : nil }
        case .object(let ranges): return ranges[key.stringValue]
        case nil: return nil
        }
    }

    private func children(of place: Range<Int>) -> Children? {
        let isObject = bytes[place.lowerBound] == UInt8(ascii: "{")
        guard isObject || bytes[place.lowerBound] == UInt8(ascii: "[") else { return nil }
        var fields: [String: Range<Int>] = [:]
        var elements: [Range<Int>] = []
        var index = place.lowerBound + 1
        while let first = value(from: index), first.range.upperBound < place.upperBound {
            index = first.end
            if isObject {
                guard let second = value(from: index) else { return nil }
                // Foundation's decoder takes the first of several with one name; so does this.
                let key = name(first.range)
                if fields[key] == nil { fields[key] = second.range }
                index = second.end
            } else {
                elements.append(first.range)
            }
        }
        return isObject ? .object(fields) : .array(elements)
    }

    private func name(_ range: Range<Int>) -> String {
        guard bytes[range].contains(UInt8(ascii: "\\")) else {
            return String(decoding: bytes[range].dropFirst().dropLast(), as: UTF8.self)
        }
        return (try? JSONDecoder().decode(String.self, from: Data(bytes[range]))) ?? ""
    }

    /// The value, or the key, that begins at or after a place, past separators; `end` is where to look for the next.
    private func value(from start: Int) -> (range: Range<Int>, end: Int)? {
        var index = start
        while index < bytes.count, Self.isSeparator(bytes[index]) { index += 1 }
        guard index < bytes.count, bytes[index] != UInt8(ascii: "}"), bytes[index] != UInt8(ascii: "]") else {
            return nil
        }
        let first = index
        switch bytes[index] {
        case UInt8(ascii: "\""): index = endOfString(from: index)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            repeat {
                switch bytes[index] {
                case UInt8(ascii: "\""):
                    index = endOfString(from: index)
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                index += 1
            } while depth > 0 && index < bytes.count
        default:
            while index < bytes.count, !Self.isSeparator(bytes[index]), bytes[index] != UInt8(ascii: "}"),
                bytes[index] != UInt8(ascii: "]")
            {
                index += 1
            }
        }
        return (first..<index, index)
    }

    private func endOfString(from start: Int) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":") || byte == 0x20 || byte == 0x09 || byte == 0x0A
            || byte == 0x0D
    }
}
