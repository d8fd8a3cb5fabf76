/// What can go wrong with a loaded model. Each message says what happened, the value, and what to do.
public enum InferenceError: Error, Sendable, Hashable {
    case fileMissing(path: String)
    case fileUnreadable(path: String, reason: String)
    case notGGUF(path: String, found: String)
    case unsupportedArchitecture(path: String, architecture: String)
    case loadFailed(path: String, reason: String)
    case outOfMemory(neededByteCount: Int64, availableByteCount: Int64, what: String)
    case invalidOption(name: String, value: String, rule: String)
    case promptTooLong(promptTokenCount: Int, contextLength: Int, trainedContextLength: Int)
    case emptyPrompt
    case noChatTemplate(model: String)
    case templateFailed(reason: String)
    case invalidGrammar(reason: String)
    case notAGenerator(architecture: String)
    case decodeFailed(code: Int, reason: String)
    case unloaded
    case queueFull(limit: Int)
}

extension InferenceError: CustomStringConvertible {
    /// What happened, the value, and what to do, in one sentence.
    public var description: String {
        switch self {
        case .fileMissing(let path):
            "There is no file at \(path); check the path, or import the model again."
        case .fileUnreadable(let path, let reason):
            "\(path) cannot be read: \(reason); check its permissions."
        case .notGGUF(let path, let found):
            "\(path) is not a GGUF file (it begins with \(found)); Roost runs models in GGUF format."
        case .unsupportedArchitecture(let path, let architecture):
            "The engine does not know the architecture “\(architecture)” of \(path); update Roost, or take another model."
        case .loadFailed(let path, let reason):
            "The engine could not load \(path): \(reason)."
        case .outOfMemory(let needed, let available, let what):
            "\(what) needs \(Self.size(needed)) of memory and \(Self.size(available)) is available; choose a smaller "
                + "context length, a quantized KV cache or a smaller model."
        case .invalidOption(let name, let value, let rule):
            "\(name) is \(value), but must be \(rule)."
        case .promptTooLong(let promptTokenCount, let contextLength, let trained):
            "The prompt has \(promptTokenCount) tokens and the context length is \(contextLength)"
                + (contextLength < trained
                    ? "; shorten the prompt or raise the context length (this model allows \(trained))."
                    : ", all that this model allows; shorten the prompt.")
        case .emptyPrompt:
            "The prompt has no tokens; give at least one character."
        case .noChatTemplate(let model):
            "\(model) has no chat template (it is a base model); use completion (generate) instead of chat."
        case .templateFailed(let reason):
            "The model's chat template could not be applied: \(reason)."
        case .invalidGrammar(let reason):
            "The grammar was not accepted: \(reason)."
        case .notAGenerator(let architecture):
            "A model of the architecture “\(architecture)” does not generate text; use it for embeddings."
        case .decodeFailed(let code, let reason):
            "The engine failed while computing (\(reason), code \(code)); load the model again."
        case .unloaded:
            "The model was unloaded; load it again."
        case .queueFull(let limit):
            "\(limit) requests wait for this model already; try again in a moment."
        }
    }

    private static func size(_ byteCount: Int64) -> String {
        let gibibytes = Double(byteCount) / 1_073_741_824
        if gibibytes >= 1 { return "\((gibibytes * 10).rounded() / 10) GiB" }
        return "\((Double(byteCount) / 1_048_576).rounded()) MiB"
    }
}
