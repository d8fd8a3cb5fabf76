import Foundation
import NIOHTTP1

/// How long a server asks to be left alone: `Retry-After` in both forms (RFC 9110, section 10.2.3) or the
/// `RateLimit: "api";r=0;t=55` of some hubs.
enum RetryAfter {
    /// No server makes a download wait longer than this at a time.
    static let longest = Duration.seconds(15 * 60)

    /// - Parameter now: The calendar's time here, for servers that send no `Date` of their own.
    static func duration(in headers: HTTPHeaders, now: Date) -> Duration? {
        for text in headers["retry-after"] {
            let text = text.trimmingCharacters(in: .whitespaces)
            if let seconds = Int64(text), seconds >= 0 { return min(.seconds(seconds), longest) }
            if let date = httpDate(text) {
                // The server's own clock, where it tells it: ours may be wrong.
                let reference = headers.first(name: "date").flatMap(httpDate) ?? now
                let seconds = date.timeIntervalSince(reference)
                return min(.seconds(max(0, seconds)), longest)
            }
        }
        for text in headers["ratelimit"] {
            let parameters = text.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            guard parameters.contains("r=0"), let reset = parameters.first(where: { $0.hasPrefix("t=") }),
                let seconds = Int64(reset.dropFirst(2)), seconds >= 0
            else { continue }
            return min(.seconds(seconds), longest)
        }
        return nil
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the only form that servers may send (RFC 9110, section 5.6.7).
    static func httpDate(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let month = months.firstIndex(of: words[2]),
            let year = Int(words[3])
        else { return nil }
        let clock = words[4].split(separator: ":").map { Int($0) ?? -1 }
        guard clock.count == 3, (1...31).contains(day), (0...23).contains(clock[0]), (0...59).contains(clock[1]),
            (0...60).contains(clock[2]), (1970...9999).contains(year)
        else { return nil }
        // Days from the civil date, with the year starting in March so that the leap day is its last.
        let shifted = month < 2 ? year - 1 : year
        let (era, yearOfEra) = (shifted / 400, shifted % 400)
        let dayOfYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let seconds = ((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]
        return Date(timeIntervalSince1970: Double(seconds))
    }

    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
