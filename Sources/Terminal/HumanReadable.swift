import Foundation
import Sizes

/// Sizes, durations, counts and times as people read them. Always in the same form, whatever the locale, so that
/// output can be searched.
public enum HumanReadable {
    /// Bytes in decimal units, three digits: `253 MB`, `1.93 GB`, `512 B`.
    public static func bytes(_ count: Int64) -> String {
        SizeText.text(count)
    }

    /// A count in decimal units, three digits: `268M`, `1.24B`, `999`.
    public static func count(_ count: Int64) -> String {
        if count.magnitude < 1000 { return "\(count)" }
        return SizeText.scaled(Double(count), units: ["K", "M", "B", "T", "Q"], separator: "")
    }

    /// A duration with three digits: `340 µs`, `12.5 ms`, `1.25 s`, `2 m 05 s`, `3 h 20 m`.
    public static func duration(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        let sign = seconds < 0 ? "-" : ""
        let size = abs(seconds)
        switch size {
        case 0: return "0 s"
        case ..<0.000_999_5: return sign + SizeText.digits(size * 1_000_000) + " µs"
        case ..<0.999_5: return sign + SizeText.digits(size * 1000) + " ms"
        case ..<59.95: return sign + SizeText.digits(size) + " s"
        default: return sign + long(Int64(min(size.rounded(), 1e15)))
        }
    }

    /// A coarse duration in its largest unit, as in `expires in 4 minutes`: `less than a second`, `1 second`,
    /// `5 minutes`, `2 days`.
    public static func span(_ duration: Duration) -> String {
        let seconds = Int64(min(max(duration / .seconds(1), 0), 1e15))
        let units: [(name: String, length: Int64)] = [
            ("year", 31_536_000), ("month", 2_592_000), ("week", 604_800), ("day", 86_400), ("hour", 3600),
            ("minute", 60), ("second", 1),
        ]
        guard let unit = units.first(where: { seconds >= $0.length }) else { return "less than a second" }
        let count = seconds / unit.length
        return "\(count) \(unit.name)\(count == 1 ? "" : "s")"
    }

    /// A time as seen from `now`: `3 minutes ago`, `5 minutes from now`, `now`.
    public static func relative(_ date: Date, to now: Date) -> String {
        let interval = date.timeIntervalSince(now)
        guard interval.isFinite, abs(interval) >= 1 else { return "now" }
        return span(.seconds(min(abs(interval), 1e15))) + (interval < 0 ? " ago" : " from now")
    }

    /// A number with a fixed count of decimals: `fixed(3.14159, 2)` is `3.14`.
    public static func fixed(_ value: Double, _ decimals: Int) -> String {
        String(format: "%.\(max(0, decimals))f", value)
    }

    private static func long(_ seconds: Int64) -> String {
        if seconds < 3600 { return "\(seconds / 60) m \(twoDigits(seconds % 60)) s" }
        let minutes = (seconds + 30) / 60
        if minutes < 60 * 48 { return "\(minutes / 60) h \(twoDigits(minutes % 60)) m" }
        return "\(minutes / 1440) d \(minutes % 1440 / 60) h"
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
