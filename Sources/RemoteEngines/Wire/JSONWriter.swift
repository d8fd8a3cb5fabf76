import Foundation

/// Writes one JSON object, its fields in the order in which they are put. Parts that are JSON text already, such as the
/// schema of a client, go in as they are: the order of a schema's properties is the order in which models fill them.
struct JSONWriter: Sendable {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

    /// The whole object.
    var data: [UInt8] { bytes + [UInt8(ascii: "}")] }
    /// The whole object as text.
    var text: String { String(decoding: data, as: UTF8.self) }

    mutating func put(_ name: String, _ value: String?) {
        if let value { put(name, raw: Self.quoted(value)) }
    }

    mutating func put(_ name: String, _ value: Int?) {
        if let value { put(name, raw: "\(value)") }
    }

    mutating func put(_ name: String, _ value: Bool?) {
        if let value { put(name, raw: value ? "true" : "false") }
    }

    /// Infinite numbers have no form in JSON and are left out.
    mutating func put(_ name: String, _ value: Float?) {
        if let value, value.isFinite { put(name, raw: Self.number(value)) }
    }

    mutating func put(_ name: String, _ values: [String]) { put(name, raw: Self.array(values.map(Self.quoted))) }

    mutating func put(_ name: String, _ object: JSONWriter) { put(name, raw: object.text) }

    /// Puts JSON text.
    mutating func put(_ name: String, raw: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes += Self.quoted(name).utf8
        bytes.append(UInt8(ascii: ":"))
        bytes += raw.utf8
    }

    static func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }

    /// The shortest decimal that is read as the same number.
    static func number(_ value: Float) -> String {
        value == value.rounded() && abs(value) < 1e7 ? "\(Int(value))" : "\(value)"
    }

    /// A string with its quotes (RFC 8259, section 7).
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 2)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20: bytes += ((byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a text is one JSON value.
    static func isJSON(_ text: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
    }
}
