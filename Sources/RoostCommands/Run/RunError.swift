import Roost

/// What `roost run` itself refuses.
enum RunError: Error, CustomStringConvertible {
    case unknownModel(name: String, suggestions: [String])
    case noModel
    case missingFile(path: String)
    case unknownParameter(name: String, known: [String])
    case invalidParameter(name: String, value: String, kind: String)
    case noPromptForJSON
    case notAnswering

    var description: String {
        switch self {
        case .unknownModel(let name, let suggestions) where !suggestions.isEmpty:
            "There is no model “\(name)”; did you mean \(suggestions.map { "“\($0)”" }.joined(separator: ", "))?"
        case .unknownModel(let name, _):
            "There is no model “\(name)”; “roost list” shows those that are here, and “roost import FILE.gguf --name "
                + "\(name)” adds one from a file."
        case .noModel:
            "No model was named and none is active; name one (“roost list” shows them), or choose one with “roost "
                + "activate MODEL”."
        case .missingFile(let path): "There is no file “\(path)”; check the path."
        case .unknownParameter(let name, let known):
            "There is no parameter “\(name)”; there are \(known.joined(separator: ", "))."
        case .invalidParameter(let name, let value, let kind): "\(name) is “\(value)”, but must be \(kind)."
        case .noPromptForJSON: "--json and --events answer one prompt; give it as an argument or pipe it in."
        case .notAnswering: "The answer ended without a result; try it again."
        }
    }
}
