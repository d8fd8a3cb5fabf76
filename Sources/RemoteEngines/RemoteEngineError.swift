/// What can go wrong with an engine beside this Roost. Each message names the engine, what happened, and what to do; none
/// has a key in it.
public enum RemoteEngineError: Error, Sendable, Hashable {
    /// A setting breaks a rule.
    case invalidSetting(place: String, value: String, rule: String)
    /// No engine that has the model can answer now: each with its reason.
    case unavailable(model: String, reasons: [EngineReason])
    /// The engines that were asked do not have the model.
    case noModel(model: String, engines: [String])
    /// The engine refused the request: its status and its own words.
    case refused(engine: String, status: Int, message: String, code: String?)
    /// The answer broke off after it had begun.
    case interrupted(engine: String, reason: String)
    /// The engine has no such ability.
    case unsupported(engine: String, what: String, advice: String)
    /// Something that is done with models of this machine was asked for one that an engine has.
    case notHere(model: String, engine: String, what: String)
    /// No engine has the name.
    case unknownEngine(name: String, known: [String])
    /// The engine's answer is not what its API says.
    case unexpectedAnswer(engine: String, reason: String)

    /// An engine and why it did not answer.
    public struct EngineReason: Sendable, Hashable, Codable {
        /// The engine's name.
        public var engine: String
        /// A few words.
        public var reason: String

        /// An engine and a reason.
        public init(engine: String, reason: String) {
            self.engine = engine
            self.reason = reason
        }
    }
}

extension RemoteEngineError: CustomStringConvertible {
    /// What happened, the value, and what to do, in one sentence.
    public var description: String {
        switch self {
        case .invalidSetting(let place, let value, let rule):
            "\(place) is \(value), but must be \(rule)."
        case .unavailable(let model, let reasons):
            "No engine can answer for “\(model)” now ("
                + reasons.map { "\($0.engine): \($0.reason)" }.joined(separator: "; ")
                + "); try again in a moment, or see “roost engines list”."
        case .noModel(let model, let engines):
            "There is no model “\(model)” at \(engines.joined(separator: ", ")); “roost engines list” shows what is there."
        case .refused(let engine, let status, let message, _):
            "The engine “\(engine)” refused the request (HTTP \(status)): \(message)"
        case .interrupted(let engine, let reason):
            "The answer of the engine “\(engine)” broke off: \(reason); send the request again."
        case .unsupported(let engine, let what, let advice):
            "The engine “\(engine)” has no \(what); \(advice)."
        case .notHere(let model, let engine, let what):
            "“\(model)” is a model of the engine “\(engine)”, which loads and keeps its models itself: it cannot be "
                + "\(what) from here."
        case .unknownEngine(let name, let known):
            "There is no engine “\(name)”; "
                + (known.isEmpty
                    ? "config.toml has none ([engines.NAME])." : "there are \(known.joined(separator: ", ")).")
        case .unexpectedAnswer(let engine, let reason):
            "The engine “\(engine)” did not answer as it should: \(reason); check its address and kind."
        }
    }
}
