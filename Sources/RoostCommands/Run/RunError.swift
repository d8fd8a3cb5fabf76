import Roost
import Terminal

/// What `roost run` itself refuses.
enum RunError: Error, CustomStringConvertible {
    /// Not in the store, and not pulled for a reason of the hubs'.
    case unknownModel(name: String, suggestions: [String], reason: String)
    case noModel
    case missingFile(path: String)
    case unknownParameter(name: String, known: [String])
    case invalidParameter(name: String, value: String, kind: String)
    case noPromptForJSON
    /// Nothing is kept under what came after `--continue`.
    case noConversation(String)
    /// The model of a kept conversation is not in the store.
    case conversationModelMissing(model: String, id: String)
    case notAnswering

    var description: String {
        switch self {
        case .unknownModel(let name, let suggestions, let reason):
            "There is no model “\(name)” here"
                + (suggestions.isEmpty
                    ? "" : " (did you mean \(suggestions.map { "“\($0)”" }.joined(separator: ", "))?)")
                + ", and it was not pulled: \(reason)"
        case .noModel:
            "No model was named and none is active; name one (“roost list” shows them), or choose one with “roost "
                + "activate MODEL”."
        case .missingFile(let path): "There is no file “\(path)”; check the path."
        case .unknownParameter(let name, let known):
            "There is no parameter “\(name)”; there are \(known.joined(separator: ", "))."
        case .invalidParameter(let name, let value, let kind): "\(name) is “\(value)”, but must be \(kind)."
        case .noPromptForJSON: "--json and --events answer one prompt; give it as an argument or pipe it in."
        case .noConversation(let text):
            "There is no kept conversation “\(text.printable)”; “roost history” lists them. (A prompt goes before "
                + "--continue.)"
        case .conversationModelMissing(let model, let id):
            "The conversation was held with “\(model.printable)”, which is not here; pull it, or name another model: "
                + "“roost run MODEL --continue \(id)”."
        case .notAnswering: "The answer ended without a result; try it again."
        }
    }
}
