/// What the façade itself refuses; errors of the rooms below pass through it as they are.
public enum RoostError: Error, Sendable, Hashable {
    case noActiveModel
    case invalidSetting(name: String, value: String, rule: String)
    /// The configuration file breaks a rule at a place.
    case invalidConfiguration(path: String, place: String, rule: String)
    /// The disk has no room for a download: bytes.
    case noSpace(model: String, needed: Int64, available: Int64, folder: String)
    /// No download of this name is unfinished.
    case noDownload(name: String, running: [String])
    /// The model came from a file of this machine, not from a hub.
    case noSource(model: String)
}

extension RoostError: CustomStringConvertible {
    /// What was wrong, the value, and what to do, in one sentence.
    public var description: String {
        switch self {
        case .noActiveModel:
            "No model was named and none is active; name one, or choose it with `roost activate MODEL`."
        case .invalidSetting(let name, let value, let rule):
            "\(name) is “\(value)”, but must be \(rule)."
        case .invalidConfiguration(let path, let place, let rule):
            "“\(path)” cannot be used: \(place) must be \(rule)."
        case .noSpace(let model, let needed, let available, let folder):
            "“\(model)” needs \(needed) more bytes and \(available) are free for \(folder); "
                + "make room (“roost du”, “roost prune”) or move the models (“roost move DIR”)."
        case .noDownload(let name, let running):
            running.isEmpty
                ? "There is no unfinished download, and none of “\(name)”; “roost pull \(name)” begins one."
                : "There is no unfinished download of “\(name)”; there are: \(running.joined(separator: ", "))."
        case .noSource(let model):
            "“\(model)” came from a file of this machine, so there is no source to ask; import the newer file."
        }
    }
}
