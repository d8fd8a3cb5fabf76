import Foundation
import NIOHTTP1

/// How long a server asks its clients to wait.
public struct RateLimit: Hashable, Sendable {
    /// Seconds from now; 0 at least.
    public let seconds: Int

    /// Reads `Retry-After` (seconds or an HTTP date, RFC 9110 §10.2.3), else `RateLimit: "api";r=0;t=55`.
    ///
    /// `nil` when neither says a time, and when requests are left (`r` over 0).
    public init?(_ headers: HTTPHeaders, now: Date) {
        if let text = headers.first(name: "retry-after")?.trimmingCharacters(in: .whitespaces) {
            if let seconds = Int(text), seconds >= 0 {
                self.seconds = min(seconds, Self.most)
                return
            }
            if let date = HTTPDate.date(from: text) {
                seconds = Int(min(max(0, date.timeIntervalSince(now).rounded(.up)), Double(Self.most)))
                return
            }
        }
        guard let text = headers.first(name: "ratelimit") else { return nil }
        var left: Int?
        var wait: Int?
        for item in text.split(whereSeparator: { $0 == ";" || $0 == "," }) {
            let pair = item.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard pair.count == 2, let value = Int(pair[1]) else { continue }
            if pair[0] == "r" { left = value }
            if pair[0] == "t" { wait = value }
        }
        guard let wait, wait >= 0, (left ?? 0) <= 0 else { return nil }
        seconds = min(wait, Self.most)
    }

    private static let most = 86_400
}
