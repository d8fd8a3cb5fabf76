import Sizes

/// What can go wrong with a loaded model. Each message says what happened, the value, and what to do.
public enum InferenceError: Error, Sendable, Hashable, Codable {
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
    case invalidSchema(reason: String)
    case deadlineExceeded(limit: Duration)
    case notAReranker(architecture: String)
    case noProjector(model: String)
    case unreadableImage(reason: String)
    case noInfill(model: String)
    case unknownAdapter(name: String, known: [String])
    case cannotShift(architecture: String)
    case unknownDevice(name: String, known: [String])
    case inputTooLong(index: Int, tokenCount: Int, limit: Int)
    case workerCrashed(model: String, cause: String)
    case workerUnresponsive(model: String, seconds: Int)
    case workerFailed(reason: String)
    case sandboxUnavailable(reason: String)
    case estimateFailed(model: String, reason: String)
    /// It is too large for the machine, whatever else goes: what is missing, then what would help, a sentence each.
    case doesNotFit(model: String, advice: [String])
    /// Nothing that could go makes room: what it needs, what can be made free, the most models when that is why, and
    /// the pinned models that hold the rest.
    case noRoom(
        model: String, neededByteCount: Int64, availableByteCount: Int64, modelLimit: Int?, holders: [MemoryHolder])

    /// A model that keeps its memory.
    public struct MemoryHolder: Sendable, Hashable, Codable {
        /// Its name.
        public var model: String
        /// What it takes, in bytes.
        public var byteCount: Int64

        /// A model and its bytes.
        public init(model: String, byteCount: Int64) {
            self.model = model
            self.byteCount = byteCount
        }
    }
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
            "\(what) needs \(SizeText.text(needed)) of memory and \(SizeText.text(available)) is available; choose a smaller "
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
        case .invalidSchema(let reason):
            "The JSON schema was not accepted: \(reason)."
        case .deadlineExceeded(let limit):
            "The request was not finished within its time limit of \(limit); allow more time, or ask for fewer tokens."
        case .notAReranker(let architecture):
            "A model of the architecture “\(architecture)” does not rank documents; use one that was trained for it."
        case .noProjector(let model):
            "\(model) cannot see pictures: it has no projector (mmproj); use a model that has one."
        case .unreadableImage(let reason):
            "A picture could not be read: \(reason); send a JPEG, PNG, BMP or GIF file."
        case .noInfill(let model):
            "\(model) was not trained to fill gaps (it has no fill-in-the-middle tokens); use completion instead."
        case .unknownAdapter(let name, let known):
            "No LoRA adapter “\(name)” was loaded with this model; there "
                + (known.isEmpty ? "is none." : "are \(known.joined(separator: ", ")).")
        case .cannotShift(let architecture):
            "The cache of the architecture “\(architecture)” cannot shift; ask for a longer context instead."
        case .unknownDevice(let name, let known):
            "The engine has no GPU “\(name)”; it has "
                + (known.isEmpty ? "none on this machine." : "\(known.joined(separator: ", ")).")
        case .inputTooLong(let index, let tokenCount, let limit):
            "Input \(index) has \(tokenCount) tokens and the model takes \(limit); shorten it, or let it be cut."
        case .workerCrashed(let model, let cause):
            "The worker of \(model) ended (\(cause)); it is started again, repeat the request."
        case .workerUnresponsive(let model, let seconds):
            "The worker of \(model) did not answer for \(seconds) seconds and was ended; repeat the request."
        case .workerFailed(let reason):
            "The worker could not be used: \(reason)."
        case .sandboxUnavailable(let reason):
            "The model's worker cannot be sandboxed here: \(reason); run it with --allow-unsandboxed if you trust the model."
        case .estimateFailed(let model, let reason):
            "What \(model) takes in memory could not be told: \(reason); check that the file is whole, or take another "
                + "model."
        case .doesNotFit(let model, let advice):
            "\(model) does not fit on this machine. " + advice.joined(separator: " ")
        case .noRoom(let model, let needed, let available, let limit, let holders):
            (limit.map { "\(model) cannot be loaded: \($0) models may be in memory at once and all are pinned" }
                ?? "\(model) needs \(SizeText.text(needed)) of memory and \(SizeText.text(available)) can be made free")
                + (holders.isEmpty
                    ? "; choose a smaller context length or model, or raise max_ram_usage."
                    : " (pinned: "
                        + holders.map { "\($0.model) \(SizeText.text($0.byteCount))" }.joined(separator: ", ")
                        + "); unpin one of them, or choose a smaller model.")
        }
    }
}
