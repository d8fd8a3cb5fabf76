public import Foundation

/// A moment to the millisecond, in JSON as RFC 3339 in UTC (`2026-01-31T12:00:00.250Z`), whatever the encoder does with
/// dates.
public struct HistoryTime: Sendable, Hashable, Codable {
    /// Milliseconds since 1970.
    public let milliseconds: Int64

    /// The moment as a date.
    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// A date to the millisecond; beyond the years 0 to 9999 the nearest that is within.
    public init(_ date: Date) {
        let seconds = min(max(date.timeIntervalSince1970, -62_167_219_200), 253_402_300_799)
        milliseconds = Int64((seconds * 1000).rounded())
    }

    /// Reads its JSON form. Throws `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let styles = [true, false].map { Date.ISO8601FormatStyle(includingFractionalSeconds: $0) }
        guard let date = styles.lazy.compactMap({ try? $0.parse(text) }).first else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "“\(text.prefix(40))” is not a time such as 2026-01-31T12:00:00Z")
        }
        self.init(date)
    }

    /// Writes its JSON form. Throws `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
        // The milliseconds are written as they are: as a part of a floating-point number they would be cut to fewer.
        let (seconds, rest) = milliseconds.flooredQuotientAndRemainder(dividingBy: 1000)
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
        let fraction = String(rest + 1000).dropFirst()
        var container = encoder.singleValueContainer()
        try container.encode("\(text.dropLast()).\(fraction)Z")
    }
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
