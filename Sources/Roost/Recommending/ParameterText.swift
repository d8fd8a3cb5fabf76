/// The number of parameters as models' names give it: `1.1B`, `270M`, `35B-A3B` (of 35 billion, each token goes through
/// 3), `8x7B`.
struct ParameterText: Hashable, Sendable {
    /// All weights, in number.
    let all: Double
    /// Those that a token goes through; `nil` is all, or not told.
    let used: Double?

    /// `nil` for a text that is not of this form.
    init?(_ text: String) {
        let parts = text.uppercased().split(separator: "-", omittingEmptySubsequences: false)
        guard let first = parts.first, let all = Self.number(first) else { return nil }
        self.all = all
        used = parts.dropFirst().first { $0.hasPrefix("A") }.flatMap { Self.number($0.dropFirst()) }
    }

    private static func number(_ text: Substring) -> Double? {
        let factors: [Character: Double] = ["K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12]
        guard let last = text.last, let factor = factors[last] else { return nil }
        let numbers = text.dropLast().split(separator: "X", omittingEmptySubsequences: false).map { Double($0) }
        guard (1...2).contains(numbers.count) else { return nil }
        return numbers.reduce(Optional(factor)) { product, number in
            guard let product, let number, number > 0 else { return nil }
            return product * number
        }
    }
}
