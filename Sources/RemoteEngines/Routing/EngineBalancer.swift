/// Which of several engines of one priority a request goes to: by weight, and away from those that have more than their
/// share to do already.
///
/// Two are drawn by weight; the first is taken unless the second, with one more request, would still have less to do for
/// its weight than the first has now. Without load the draws follow the weights exactly; under load an engine that is
/// slower than its weight promises gets less (the power of two choices, Mitzenmacher 2001).
enum EngineBalancer {
    /// An engine that may be asked.
    struct Choice: Sendable, Hashable {
        /// Its place in the caller's list.
        var index: Int
        /// Its share, 1 or more.
        var weight: Int
        /// Requests that it works on.
        var outstandingCount: Int
    }

    /// The index of the one that is taken; `nil` when there is none.
    static func pick(_ choices: [Choice], using random: inout some RandomNumberGenerator) -> Int? {
        guard choices.count > 1 else { return choices.first?.index }
        guard let first = draw(choices, &random), let second = draw(choices, &random) else { return nil }
        let isBetter = (second.outstandingCount + 1) * first.weight <= first.outstandingCount * second.weight
        return isBetter ? second.index : first.index
    }

    private static func draw(_ choices: [Choice], _ random: inout some RandomNumberGenerator) -> Choice? {
        let total = choices.reduce(0) { $0 + max(1, $1.weight) }
        guard total > 0 else { return nil }
        var place = Int.random(in: 0..<total, using: &random)
        for choice in choices {
            place -= max(1, choice.weight)
            if place < 0 { return choice }
        }
        return choices.last
    }
}
