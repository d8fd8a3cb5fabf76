public import Hardware
public import Inference
import ModelStore
public import Workers

extension ModelManager {
    /// Continues `prompt` and returns the whole answer.
    ///
    /// - Parameters:
    ///   - model: `nil` is the active model.
    ///   - options: `nil` are the model's own parameters, for what it has none of the engine's defaults.
    ///   - load: how to load the model, and `keepAlive` how long it stays, as in ``load(_:options:keepAlive:progress:)``.
    /// - Throws: `ModelStoreError`, `InferenceError`, `RoostError.noActiveModel`, `CancellationError`.
    public nonisolated func generate(
        _ prompt: String, model: String? = nil, options: GenerationOptions? = nil, load: LoadOptions? = nil,
        keepAlive: KeepAlive? = nil
    ) async throws -> GenerationResult {
        try await Self.result(of: stream(prompt, model: model, options: options, load: load, keepAlive: keepAlive))
    }

    /// Continues `prompt`, token by token. The stream throws what ``generate(_:model:options:load:keepAlive:)`` throws.
    public nonisolated func stream(
        _ prompt: String, model: String? = nil, options: GenerationOptions? = nil, load: LoadOptions? = nil,
        keepAlive: KeepAlive? = nil
    ) -> AsyncThrowingStream<GenerationEvent, any Error> {
        events(from: model, load, keepAlive) { $0.generate(prompt, options: options ?? $1.options) }
    }

    /// Answers a conversation, token by token; for a model without a chat template the stream throws
    /// `InferenceError.noChatTemplate`. A model's own system prompt and messages go before what is said.
    public nonisolated func chat(
        _ messages: [ChatMessage], model: String? = nil, options: GenerationOptions? = nil,
        load: LoadOptions? = nil, keepAlive: KeepAlive? = nil
    ) -> AsyncThrowingStream<GenerationEvent, any Error> {
        events(from: model, load, keepAlive) { loaded, preset in
            var chat = ChatRequest(messages)
            preset.apply(to: &chat)
            return loaded.generate(GenerationRequest(.chat(chat), options: options ?? preset.options))
        }
    }

    /// Serves a request of any kind: text, tokens, a conversation with tools and pictures, a gap in a file; several
    /// answers, a form that they must have, on behalf of a tenant. A model's own system prompt and messages go before a
    /// conversation; the request's options are taken as they are. The stream throws what
    /// ``generate(_:model:options:load:keepAlive:)`` throws.
    ///
    /// ```swift
    /// var chat = ChatRequest([.user("What is the weather in Oslo?")])
    /// chat.tools = [ToolDefinition(name: "weather", description: "The weather of a city.", parameters: schema)]
    /// for try await event in roost.stream(GenerationRequest(.chat(chat)), model: "qwen3") { … }
    /// ```
    public nonisolated func stream(
        _ request: GenerationRequest, model: String? = nil, load: LoadOptions? = nil, keepAlive: KeepAlive? = nil
    ) -> GenerationStream {
        events(from: model, load, keepAlive) { loaded, preset in
            var request = request
            if case .chat(var chat) = request.prompt {
                preset.apply(to: &chat)
                request.prompt = .chat(chat)
            }
            return loaded.generate(request)
        }
    }

    /// Serves a request of any kind and returns all its answers, in the order of their choice.
    ///
    /// - Throws: `ModelStoreError`, `InferenceError`, `RoostError.noActiveModel`, `CancellationError`.
    public nonisolated func generate(
        _ request: GenerationRequest, model: String? = nil, load: LoadOptions? = nil, keepAlive: KeepAlive? = nil
    ) async throws -> [GenerationResult] {
        var results: [GenerationResult] = []
        for try await event in stream(request, model: model, load: load, keepAlive: keepAlive) {
            if case .finished(let result) = event { results.append(result) }
        }
        // A stream ends without a result only when its task was cancelled.
        if results.isEmpty { throw CancellationError() }
        return results.sorted { $0.choice < $1.choice }
    }

    // MARK: Vectors and scores

    /// The vectors of texts, each of length 1.
    ///
    /// - Throws: `ModelStoreError`, `InferenceError`, `RoostError.noActiveModel`, `CancellationError`.
    public nonisolated func embed(
        _ texts: [String], model: String? = nil, load: LoadOptions? = nil, keepAlive: KeepAlive? = nil
    ) async throws -> [[Float]] {
        let request = EmbeddingRequest(texts.map { .text($0) })
        let result = try await embed(request, model: model, load: load, keepAlive: keepAlive)
        return result.vectors.map { $0.first ?? [] }
    }

    /// The vectors of texts, pooled and scaled as the request says.
    ///
    /// - Throws: `ModelStoreError`, `InferenceError`, `RoostError.noActiveModel`, `CancellationError`.
    public nonisolated func embed(
        _ request: EmbeddingRequest, model: String? = nil, load: LoadOptions? = nil, keepAlive: KeepAlive? = nil
    ) async throws -> EmbeddingResult {
        try await withModel(model, options: load, keepAlive: keepAlive) { try await $0.embed(request) }
    }

    /// How well documents answer a query, by a model that was trained to rank.
    ///
    /// - Throws: `ModelStoreError`; `InferenceError`, `.notAReranker` for another model; `RoostError.noActiveModel`,
    ///   `CancellationError`.
    public nonisolated func rerank(
        _ request: RerankRequest, model: String? = nil, load: LoadOptions? = nil, keepAlive: KeepAlive? = nil
    ) async throws -> RerankResult {
        try await withModel(model, options: load, keepAlive: keepAlive) { try await $0.rerank(request) }
    }

    // MARK: Tokens

    /// Token ids of `text`.
    ///
    /// - Parameters:
    ///   - addSpecial: adds the beginning-of-sequence token and the like, where the model wants them.
    ///   - parseSpecial: reads text such as `<eos>` as the token of that name.
    /// - Throws: `ModelStoreError`, `InferenceError`, `RoostError.noActiveModel`, `CancellationError`.
    public nonisolated func tokenize(
        _ text: String, model: String? = nil, addSpecial: Bool = true, parseSpecial: Bool = false
    ) async throws -> [Int32] {
        try await withModel(model) { try await $0.tokenize(text, addSpecial: addSpecial, parseSpecial: parseSpecial) }
    }

    /// The text of `tokens`, special ones written by their names.
    ///
    /// - Throws: `ModelStoreError`, `InferenceError`, `RoostError.noActiveModel`, `CancellationError`.
    public nonisolated func detokenize(_ tokens: [Int32], model: String? = nil) async throws -> String {
        try await withModel(model) { try await $0.detokenize(tokens) }
    }

    /// A conversation as the model's own chat template writes it.
    ///
    /// - Throws: `ModelStoreError`; `InferenceError`, `.noChatTemplate` for a base model; `RoostError.noActiveModel`,
    ///   `CancellationError`.
    public nonisolated func prompt(for chat: ChatRequest, model: String? = nil) async throws -> String {
        try await withModel(model) { try await $0.prompt(for: chat) }
    }

    /// Adds an answer to a model's statistics; it neither waits for that nor fails with it.
    ///
    /// - Parameter loaded: the model that gave it.
    public nonisolated func recordAnswer(_ result: GenerationResult, of model: String?, by loaded: any RunningModel) {
        guard !result.tokens.isEmpty else { return }
        let activity = loaded.activity
        let isAlone = activity.activeRequestCount <= 1 && activity.queuedRequestCount == 0
        Task { [self] in
            guard let record = try? await self.model(named: model) else { return }
            try? await store.recordTokens(result.tokens.count, of: record.name)
            await speeds.take(AnswerSpeed(result), of: record, isAlone: isAlone)
        }
    }

    /// A warning for each model that answers slower than it used to on this machine.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func speedWarnings() async throws -> [HealthWarning] { try await speeds.warnings() }

    /// The result that a stream ends with.
    private static func result(
        of stream: AsyncThrowingStream<GenerationEvent, any Error>
    ) async throws -> GenerationResult {
        for try await event in stream {
            if case .finished(let result) = event { return result }
        }
        // A stream ends without a result only when its task was cancelled.
        throw CancellationError()
    }

    private nonisolated func events(
        from model: String?, _ load: LoadOptions?, _ keepAlive: KeepAlive?,
        _ start: @escaping @Sendable (any RunningModel, ModelPreset) -> GenerationStream
    ) -> AsyncThrowingStream<GenerationEvent, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    let preset = try await preset(of: model)
                    try await withModel(model, options: load, keepAlive: keepAlive) { loaded in
                        for try await event in start(loaded, preset) {
                            if case .finished(let result) = event { recordAnswer(result, of: model, by: loaded) }
                            continuation.yield(event)
                        }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { reason in
                if case .cancelled = reason { task.cancel() }
            }
        }
    }
}
