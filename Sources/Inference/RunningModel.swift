/// A stream of what a generation emits. It throws `InferenceError`. Stopping to read it (its task is cancelled, its
/// iterator goes away) ends the work behind it.
public typealias GenerationStream = AsyncThrowingStream<GenerationEvent, any Error>

/// A model that answers: in this process (``LoadedModel``), or in a worker of its own.
public protocol RunningModel: AnyObject, Sendable {
    /// What was loaded, and how.
    var info: LoadedModelInfo { get }
    /// Bytes that it takes, as the engine accounts for them.
    var memory: ModelMemory { get }
    /// What it does now.
    var activity: ModelActivity { get }

    /// Serves a request.
    func generate(_ request: GenerationRequest) -> GenerationStream

    /// Vectors of texts.
    ///
    /// - Throws: `InferenceError`, `CancellationError`.
    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult

    /// Scores of documents.
    ///
    /// - Throws: `InferenceError`, `.notAReranker` for a model that was not trained for it; `CancellationError`.
    func rerank(_ request: RerankRequest) async throws -> RerankResult

    /// Token ids of `text`.
    ///
    /// - Parameters:
    ///   - addSpecial: adds the beginning-of-sequence token and the like, where the model wants them.
    ///   - parseSpecial: reads text such as `<eos>` as the token of that name.
    /// - Throws: `InferenceError.unloaded`, `.decodeFailed` when the engine refuses the text.
    func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) async throws -> [Int32]

    /// The text of `tokens`; bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Throws: `InferenceError.unloaded`, `.invalidOption` for an id that the vocabulary does not have.
    func detokenize(_ tokens: [Int32], removeSpecial: Bool, unparseSpecial: Bool) async throws -> String

    /// The bytes of each of `tokens`, which need not be whole UTF-8; special ones by their names.
    ///
    /// - Throws: `InferenceError.unloaded`, `.invalidOption` for an id that the vocabulary does not have.
    func pieces(of tokens: [Int32]) async throws -> [[UInt8]]

    /// The conversation as the model's own chat template writes it, ready for the answer.
    ///
    /// - Throws: `InferenceError.noChatTemplate` for a base model, `.templateFailed`, `.unloaded`.
    func prompt(for chat: ChatRequest) async throws -> String

    /// Ends running streams with `InferenceError.unloaded` and frees the memory before it returns.
    func unload() async
}

extension RunningModel {
    /// Continues `prompt`. The stream throws `InferenceError`.
    public func generate(
        _ prompt: String, options: GenerationOptions = .init(), addSpecial: Bool = true
    ) -> GenerationStream {
        generate(GenerationRequest(.text(prompt, addSpecial: addSpecial), options: options))
    }

    /// Continues `tokens`, to which nothing is added. The stream throws `InferenceError`.
    public func generate(tokens: [Int32], options: GenerationOptions = .init()) -> GenerationStream {
        generate(GenerationRequest(.tokens(tokens), options: options))
    }

    /// Answers `messages`, written by the model's own chat template. The stream throws `InferenceError`, for a base
    /// model `.noChatTemplate`.
    public func chat(_ messages: [ChatMessage], options: GenerationOptions = .init()) -> GenerationStream {
        generate(GenerationRequest(.chat(ChatRequest(messages)), options: options))
    }

    /// Token ids of `text`, the model's special tokens added and none read from it.
    ///
    /// - Throws: `InferenceError`.
    public func tokenize(_ text: String) async throws -> [Int32] {
        try await tokenize(text, addSpecial: true, parseSpecial: false)
    }

    /// The text of `tokens`, special ones written by their names.
    ///
    /// - Throws: `InferenceError`.
    public func detokenize(_ tokens: [Int32]) async throws -> String {
        try await detokenize(tokens, removeSpecial: false, unparseSpecial: true)
    }

    /// The text of each token by itself, for models that tell no more.
    ///
    /// - Throws: `InferenceError`.
    public func pieces(of tokens: [Int32]) async throws -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        for token in tokens { pieces.append([UInt8](try await detokenize([token]).utf8)) }
        return pieces
    }

    /// The conversation as the model's own chat template writes it, ready for the answer.
    ///
    /// - Throws: `InferenceError`.
    public func prompt(for messages: [ChatMessage]) async throws -> String {
        try await prompt(for: ChatRequest(messages))
    }
}

/// What a model does now: counts at one moment.
public struct ModelActivity: Sendable, Hashable, Codable {
    /// Requests that are computed.
    public var activeRequestCount = 0
    /// Requests that wait.
    public var queuedRequestCount = 0
    /// Cells of the KV cache that are in use, by requests and by prefixes kept for later.
    public var usedCellCount = 0
    /// Cells of the KV cache.
    public var cellCount = 0
    /// Bytes of prefixes that are kept for later, in the cache and beside it.
    public var prefixByteCount: Int64 = 0
    /// Tokens generated since it was loaded.
    public var generatedTokenCount: Int64 = 0
    /// Prompt tokens computed since it was loaded.
    public var promptTokenCount: Int64 = 0
    /// Prompt tokens that were taken from the cache since it was loaded.
    public var cachedPromptTokenCount: Int64 = 0
    /// Process that computes; `nil` is this one.
    public var processIdentifier: Int32?
    /// Bytes of RAM that the worker's process holds; `nil` when it has none of its own.
    public var residentByteCount: Int64?

    /// Nothing.
    public init() {}
}
