/// What the façade itself refuses; errors of the rooms below pass through it as they are.
public enum RoostError: Error, Sendable, Hashable {
    case noActiveModel
    case invalidSetting(name: String, value: String, rule: String)
}

extension RoostError: CustomStringConvertible {
    /// What was wrong, the value, and what to do, in one sentence.
    public var description: String {
        switch self {
        case .noActiveModel:
            "No model was named and none is active; name one, or choose it with `roost activate MODEL`."
        case .invalidSetting(let name, let value, let rule):
            "\(name) is “\(value)”, but must be \(rule)."
        }
    }
}
