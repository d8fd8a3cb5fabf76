import Foundation

/// How good a model's answers are to be expected, as the catalog has it.
public enum QualityTier: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Answers at once on almost any machine; weak on facts.
    case minimal
    /// Does for everyday work.
    case standard
    /// Does for hard questions.
    case advanced

    private var rank: Int {
        switch self {
        case .minimal: 0
        case .standard: 1
        case .advanced: 2
        }
    }

    /// Worse before better.
    public static func < (left: QualityTier, right: QualityTier) -> Bool { left.rank < right.rank }

    /// By size, quantization and age, for models that nobody has judged.
    ///
    /// - Parameters:
    ///   - parameterCount: all weights; a mixture of experts counts as the geometric mean of all and those used, a rule of
    ///     thumb of its makers.
    ///   - usedParameterCount: those that a token goes through; `nil` is all.
    ///   - quantization: its name; below 3.3 bits a weight answers get clearly worse.
    ///   - generation: 1 for the family's newest, 2 for the one before; an older one counts as half its size.
    public static func expected(
        parameterCount: Double, usedParameterCount: Double? = nil, quantization: String? = nil, generation: Int = 1
    ) -> QualityTier {
        let size = effectiveParameterCount(parameterCount, usedParameterCount, quantization, generation)
        return size < 3.5e9 ? .minimal : size < 18e9 ? .standard : .advanced
    }

    static func effectiveParameterCount(
        _ parameterCount: Double, _ used: Double?, _ quantization: String?, _ generation: Int
    ) -> Double {
        let size = max(0, used.map { ($0 * parameterCount).squareRoot() } ?? parameterCount)
        let bits = quantization.flatMap(Quantization.bits) ?? 4.5
        let loss = bits < 2.8 ? 0.4 : bits < 3.3 ? 0.6 : bits < 4.2 ? 0.9 : 1
        return size * loss * pow(0.5, Double(min(max(generation, 1), 8) - 1))
    }
}
