/// Why no plan could be made.
public enum PlanningError: Error, Sendable, Hashable {
    /// The beginning of a model's file is not what it must be.
    case unreadableHeader(reason: String)
    /// The text does not describe a machine.
    case invalidMachine(text: String, part: String, rule: String)
    /// A setting that was asked for cannot be.
    case invalidSetting(name: String, value: String, rule: String)
}

extension PlanningError: CustomStringConvertible {
    /// What was wrong, the value, and what to do, in one sentence.
    public var description: String {
        switch self {
        case .unreadableHeader(let reason):
            "The model's file cannot be planned for: its header is not usable (\(reason)); check the file, or download it again."
        case .invalidMachine(let text, let part, let rule):
            "“\(text)” does not describe a machine: “\(part)” \(rule); write for example “24GB gpu, 32GB ram” or “rtx 4090, 64GB ram”."
        case .invalidSetting(let name, let value, let rule):
            "\(name) is \(value), but must be \(rule)."
        }
    }
}
