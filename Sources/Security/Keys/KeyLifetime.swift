public import Foundation

/// How long a key is good for: `90d`, `12h`, `30m`, `2w` or `never`.
public enum KeyLifetime: Sendable, Hashable, LosslessStringConvertible {
    /// It does not end.
    case unlimited
    /// So many seconds from its making.
    case seconds(Int)

    private static let units: [(letter: Character, seconds: Int)] = [
        ("w", 604_800), ("d", 86400), ("h", 3600), ("m", 60),
    ]
    /// A hundred years.
    private static let longest = 100 * 365 * 86400

    /// Reads the text form; `nil` for anything else, for nothing at all, and for more than a hundred years.
    public init?(_ text: String) {
        if text == "never" {
            self = .unlimited
            return
        }
        guard let unit = Self.units.first(where: { $0.letter == text.last }),
            text.utf8.dropLast().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let count = Int(text.dropLast())
        else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: unit.seconds)
        guard !overflow, (1...Self.longest).contains(seconds) else { return nil }
        self = .seconds(seconds)
    }

    /// The text form, in the largest unit that leaves no rest.
    public var description: String {
        guard case .seconds(let seconds) = self else { return "never" }
        guard let unit = Self.units.first(where: { seconds % $0.seconds == 0 }) else { return "\(seconds)s" }
        return "\(seconds / unit.seconds)\(unit.letter)"
    }

    /// When a key ends that is made at `start`; `nil` for never.
    public func end(from start: Date) -> Date? {
        guard case .seconds(let seconds) = self else { return nil }
        return start.addingTimeInterval(TimeInterval(seconds))
    }
}
