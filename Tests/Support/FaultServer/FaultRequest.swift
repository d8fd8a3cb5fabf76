import Foundation

/// A request as it came over the wire.
public struct FaultRequest: Sendable {
    /// Counts the requests of the server from 0.
    public let number: Int
    /// Counts the connections of the server from 0.
    public let connection: Int
    /// `GET`, for example.
    public let method: String
    /// The path with its query.
    public let path: String
    /// Names in lower case, values as sent, in order.
    public let headers: [(name: String, value: String)]

    /// The first value of a header.
    public func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    /// The bytes of `Range: bytes=a-b`.
    public var range: Range<Int>? {
        guard let text = header("range"), text.hasPrefix("bytes=") else { return nil }
        let ends = text.dropFirst(6).split(separator: "-").map { Int($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        return first..<(last + 1)
    }

    /// Whether it asks for the first byte alone: how a downloader learns what a source has.
    public var isLookup: Bool { range == 0..<1 }

    /// Reads a head without its final empty line.
    init?(head: String, number: Int, connection: Int) {
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        self.number = number
        self.connection = connection
        method = String(words[0])
        path = String(words[1])
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (line[..<colon].lowercased(), value)
        }
    }
}
