import Foundation

/// Where a web page comes from: scheme, host and port (RFC 6454), such as `https://chat.example` or
/// `http://localhost:3000`. Two are the same or not; there are no patterns.
public struct WebOrigin: Sendable, Hashable, LosslessStringConvertible {
    /// In lower case, without the port that its scheme implies.
    public let description: String

    /// Reads an origin; `nil` for `null`, for patterns, and for anything with a path.
    public init?(_ text: String) {
        guard text.utf8.count <= 512, let separator = text.range(of: "://") else { return nil }
        let scheme = text[..<separator.lowerBound].lowercased()
        let rest = text[separator.upperBound...].lowercased()
        guard let first = scheme.utf8.first, first.isASCIILetter,
            scheme.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "+-.".utf8.contains($0) })
        else { return nil }
        let (host, port): (Substring, Substring?)
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = rest[...end]
            let tail = rest[rest.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
            port = tail.isEmpty ? nil : tail.dropFirst()
            guard host.utf8.dropFirst().dropLast().allSatisfy({ $0.isASCIILetterOrDigit || ":.".utf8.contains($0) })
            else { return nil }
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            host = rest[..<end]
            port = end < rest.endIndex ? rest[rest.index(after: end)...] : nil
            guard !host.isEmpty, host.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "-._".utf8.contains($0) }) else {
                return nil
            }
        }
        var number: UInt16?
        if let port {
            guard !port.isEmpty, port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let value = UInt16(port)
            else { return nil }
            number = value
        }
        if number == Self.impliedPort(of: scheme) { number = nil }
        description = "\(scheme)://\(host)" + (number.map { ":\($0)" } ?? "")
    }

    private static func impliedPort(of scheme: String) -> UInt16? {
        switch scheme {
        case "http": 80
        case "https": 443
        default: nil
        }
    }
}

extension UInt8 {
    fileprivate var isASCIILetter: Bool { isASCIILetterOrDigit && self > UInt8(ascii: "9") }
}
