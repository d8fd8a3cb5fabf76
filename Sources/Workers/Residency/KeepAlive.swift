/// How long a model stays in memory after its last request.
public enum KeepAlive: Sendable, Hashable {
    /// Unload after this much time without a request.
    case after(Duration)
    /// Stay until told to go.
    case forever
    /// Go as soon as the last request has ended.
    case never

    /// What Ollama's users are used to: five minutes.
    public static let standard = KeepAlive.after(.seconds(300))

    /// Seconds: 0 is never, a negative number forever.
    public init(seconds: Double) {
        self =
            if seconds < 0 { .forever } else if seconds == 0 { .never } else {
                // Longer than a century is forever, and a Duration could not hold any number.
                seconds > 3.2e9 || seconds.isNaN ? .forever : .after(.seconds(seconds))
            }
    }

    /// Reads Go's duration format, which Ollama takes: `300`, `5m`, `1h30m`, `1.5s`; `0` is never, negative forever.
    ///
    /// Format: https://pkg.go.dev/time#ParseDuration. `nil` when the text is not a duration.
    public init?(_ text: String) {
        let isNegative = text.hasPrefix("-")
        var rest = Substring(text).drop(while: { $0 == "-" || $0 == "+" })
        guard !rest.isEmpty, text.count - rest.count <= 1 else { return nil }
        if let seconds = Self.number(rest) {
            self.init(seconds: isNegative ? -seconds : seconds)
            return
        }
        var seconds = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            guard let value = Self.number(digits),
                let unit = Self.units.first(where: { rest.hasPrefix($0.name) })
            else { return nil }
            rest = rest.dropFirst(unit.name.count)
            seconds += value * unit.seconds
        }
        self.init(seconds: isNegative ? -seconds : seconds)
    }

    // Longer names first, so that "ms" is not read as "m".
    private static let units: [(name: String, seconds: Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("h", 3600), ("m", 60), ("s", 1),
    ]

    private static func number(_ text: Substring) -> Double? {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else { return nil }
        return Double(text)
    }
}
