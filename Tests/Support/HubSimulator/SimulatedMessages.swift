import NIOHTTP1

/// A request that a simulated server got.
public struct SimulatedRequest: Sendable {
    /// `GET`, `HEAD` …
    public let method: HTTPMethod
    /// Path and query, as they were sent.
    public let uri: String
    /// The headers.
    public let headers: HTTPHeaders

    /// The path's components, percent decoding done.
    public var components: [String] {
        uri.prefix { $0 != "?" }.split(separator: "/").map { String($0).percentDecoded }
    }

    /// The query's items, percent decoding done.
    public var query: [(name: String, value: String)] {
        guard let mark = uri.firstIndex(of: "?") else { return [] }
        return uri[uri.index(after: mark)...].split(separator: "&").map { item in
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (pair[0].percentDecoded, pair.count == 2 ? pair[1].percentDecoded : "")
        }
    }

    /// The first value of a query's item.
    public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The first value of a header.
    public func header(_ name: String) -> String? { headers.first(name: name) }

    /// The token of `Authorization: Bearer …`.
    public var token: String? {
        headers.first(name: "authorization").flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
    }
}

/// What a simulated server answers.
public struct SimulatedResponse: Sendable {
    /// The status code.
    public var status: Int
    /// Headers; `Content-Length` is added when it is not among them.
    public var headers: [(String, String)]
    /// What the body is taken from; not sent in an answer to HEAD.
    public var content: SimulatedContent
    /// The part of ``content`` that is the body; `nil` for all of it.
    public var range: Range<Int64>?
    /// Whether the connection is closed instead of an answer.
    public var isDropped = false
    /// Whether the answer's end is never sent: the connection stays open until the client leaves.
    public var isHeldOpen = false
    /// Whether the connection is closed after the answer.
    public var isLast = false

    /// An answer with bytes.
    public init(_ status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.init(status, headers: headers, content: .bytes(body))
    }

    /// An answer with a content, or a part of it.
    public init(
        _ status: Int, headers: [(String, String)] = [], content: SimulatedContent, range: Range<Int64>? = nil
    ) {
        self.status = status
        self.headers = headers
        self.content = content
        self.range = range
    }

    /// The body's part of the content.
    var bodyRange: Range<Int64> { range ?? 0..<content.byteCount }

    /// An answer with text.
    public init(_ status: Int, headers: [(String, String)] = [], text: String, type: String = "application/json") {
        self.init(status, headers: headers + [("Content-Type", type)], body: [UInt8](text.utf8))
    }

    /// No answer: the connection ends.
    public static var dropped: SimulatedResponse {
        var response = SimulatedResponse(500)
        response.isDropped = true
        return response
    }
}

extension String {
    var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// As a JSON text, with its quotes.
    var json: String {
        var text = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\" + String(scalar)
            case "\u{0}"..."\u{1f}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
