import Foundation
import NIOHTTP1
import Security

/// Storage behind signed addresses that expire: `/<sha256>?expires=<seconds>&signature=<hex>`, with ranges.
struct SignedStorage: Sendable {
    /// By the content's hexadecimal SHA-256.
    let contents: [String: SimulatedContent]
    /// How long an address is good, in seconds.
    let lifetime: Int
    let now: @Sendable () -> Date
    private let secret = String(UInt64.random(in: 0 ... .max), radix: 16)

    init(
        _ contents: [String: SimulatedContent], lifetime: Int = 3600, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.contents = contents
        self.lifetime = lifetime
        self.now = now
    }

    /// Path and query of a fresh address.
    func address(of name: String) -> String {
        let expires = Int(now().timeIntervalSince1970) + lifetime
        return "/\(name)?expires=\(expires)&signature=\(signature(name, expires))"
    }

    func answer(_ request: SimulatedRequest) -> SimulatedResponse {
        guard let name = request.components.first, let expires = Int(request.query("expires") ?? ""),
            request.query("signature") == signature(name, expires)
        else {
            return SimulatedResponse(403, text: "<Error><Code>AccessDenied</Code></Error>", type: "application/xml")
        }
        guard Double(expires) > now().timeIntervalSince1970 else {
            return SimulatedResponse(
                403, text: "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
                type: "application/xml")
        }
        guard let content = contents[name] else { return SimulatedResponse(404) }
        // The storage's tag is its own: never the content's hash.
        return Self.answer(request, content, headers: [("ETag", "\"storage-tag\"")])
    }

    private func signature(_ name: String, _ expires: Int) -> String {
        String(Digest.of([UInt8]("\(secret) \(name) \(expires)".utf8)).hexadecimal.prefix(32))
    }

    /// A content whole, or the range that was asked for.
    static func answer(
        _ request: SimulatedRequest, _ content: SimulatedContent, headers: [(String, String)],
        type: String = "application/octet-stream"
    ) -> SimulatedResponse {
        let headers = headers + [("Accept-Ranges", "bytes"), ("Content-Type", type)]
        guard let text = request.headers.first(name: "range") else {
            return SimulatedResponse(200, headers: headers, content: content)
        }
        let count = content.byteCount
        guard let range = byteRange(text, count: count) else {
            return SimulatedResponse(416, headers: [("Content-Range", "bytes */\(count)")])
        }
        let value = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)"
        return SimulatedResponse(206, headers: headers + [("Content-Range", value)], content: content, range: range)
    }

    private static func byteRange(_ text: String, count: Int64) -> Range<Int64>? {
        guard text.hasPrefix("bytes=") else { return nil }
        let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty {
            guard let last = Int64(ends[1]), last > 0, count > 0 else { return nil }
            return max(0, count - last)..<count
        }
        guard let first = Int64(ends[0]), first < count else { return nil }
        let last = ends[1].isEmpty ? count - 1 : min(Int64(ends[1]) ?? -1, count - 1)
        return first <= last ? first..<(last + 1) : nil
    }
}
