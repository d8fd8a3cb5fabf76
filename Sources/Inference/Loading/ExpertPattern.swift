/// The regular expression by which the engine finds the experts' weights of the first layers: one that names all these
/// layers, as the engine compiles each expression again for every weight.
struct ExpertPattern {
    /// In ECMAScript's syntax.
    let text: String

    /// The experts of the layers before `layerCount`; `nil` for none.
    init?(layerCount: Int) {
        guard layerCount > 0 else { return nil }
        let layers = Self.numbers(to: layerCount - 1).joined(separator: "|")
        text = "blk\\.(\(layers))\\.ffn_(up|down|gate|gate_up)_(ch|)exps"
    }

    /// Expressions that together match the numbers 0…`last` without leading zeros, and no others.
    private static func numbers(to last: Int) -> [String] {
        let digits = String(last).compactMap(\.wholeNumberValue)
        // All that are shorter, then those that are smaller from some digit on, then the number itself.
        var parts = digits.count > 1 ? ["[0-9]"] : []
        for count in 2..<max(2, digits.count) { parts.append("[1-9]" + any(count - 1)) }
        var prefix = ""
        for (place, digit) in digits.enumerated() {
            let least = place == 0 && digits.count > 1 ? 1 : 0
            if digit > least { parts.append("\(prefix)[\(least)-\(digit - 1)]" + any(digits.count - place - 1)) }
            prefix += String(digit)
        }
        return parts + [prefix]
    }

    private static func any(_ count: Int) -> String { String(repeating: "[0-9]", count: count) }
}
