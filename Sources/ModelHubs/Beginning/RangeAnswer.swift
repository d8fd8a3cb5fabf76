import Foundation
import NIOHTTP1

/// What a server's answer to a request for a range is good for, judged by status and headers alone.
enum RangeAnswer: Hashable, Sendable {
    /// The bytes that were asked for, or the first so many of them, of a file of `total` bytes.
    case part(byteCount: Int, total: Int64)
    /// The whole file from its start: the server sends no ranges, or the file is another one by now.
    case whole(byteCount: Int64?)
    /// The file is not the one that the earlier ranges were of.
    case changed
    /// The file still has the tag that the asker knows.
    case unchanged
    /// It cannot be used; why, in words.
    case useless(reason: String)
    /// The server refuses, with this status.
    case refused(status: Int)

    /// What is known of the file when a range is asked for.
    struct Knowledge: Hashable, Sendable {
        /// Where the range begins.
        var start: Int
        /// Where it ends at the most.
        var end: Int
        /// The file's size, when an earlier range told it.
        var total: Int64?
        /// The file's tag, when an earlier range told it.
        var tag: String?
    }

    /// Judges an answer.
    init(status: Int, headers: HTTPHeaders, to asked: Knowledge) {
        let encoding = headers.first(name: "content-encoding")?.lowercased() ?? "identity"
        switch status {
        case 200, 206:
            guard encoding == "identity" else {
                self = .useless(reason: "it is sent compressed although that was not accepted")
                return
            }
            let type = headers.first(name: "content-type")?.lowercased() ?? ""
            guard !type.hasPrefix("text/html") else {
                self = .useless(reason: "it is a web page and no file")
                return
            }
            if status == 200 {
                self = .whole(byteCount: headers.first(name: "content-length").flatMap { Int64($0) })
            } else {
                self = Self.part(headers, asked)
            }
        case 304: self = .unchanged
        // The file is shorter than it was.
        case 416: self = asked.start > 0 ? .changed : .useless(reason: "it has no first byte (HTTP 416)")
        default: self = .refused(status: status)
        }
    }

    private static func part(_ headers: HTTPHeaders, _ asked: Knowledge) -> RangeAnswer {
        guard let text = headers.first(name: "content-range"), let range = ContentRange(text) else {
            return .useless(reason: "it does not say which bytes it has (Content-Range)")
        }
        let shown = "the bytes \(range.first) to \(range.last) of \(range.total)"
        guard range.first == Int64(asked.start), range.last < Int64(asked.end) else {
            return .useless(reason: "it has \(shown) where \(asked.start) to \(asked.end - 1) were asked for")
        }
        let byteCount = Int(range.last - range.first + 1)
        if let length = headers.first(name: "content-length"), Int(length) != byteCount {
            return .useless(reason: "it has \(shown) and a length of \(length.prefix(20))")
        }
        if let total = asked.total, total != range.total { return .changed }
        if let tag = asked.tag, let now = headers.first(name: "etag"), now != tag { return .changed }
        return .part(byteCount: byteCount, total: range.total)
    }
}

/// `bytes first-last/total` (RFC 9110 §14.4). An answer that does not say the total is of no use: nothing holds one
/// range to the next.
struct ContentRange: Hashable, Sendable {
    let first: Int64
    let last: Int64
    let total: Int64

    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let numbers = words[1].split(whereSeparator: { $0 == "-" || $0 == "/" }).compactMap { Int64($0) }
        guard numbers.count == 3, numbers[0] >= 0, numbers[0] <= numbers[1], numbers[1] < numbers[2] else {
            return nil
        }
        (first, last, total) = (numbers[0], numbers[1], numbers[2])
    }
}
