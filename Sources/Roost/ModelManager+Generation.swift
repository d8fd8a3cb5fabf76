public import Inference
import ModelStore
public import Workers

extension ModelManager {
    /// Continues `prompt` and returns the whole answer.
    ///
    /// - Parameters:
    ///   - model: `nil` is the active model.
    ///   - load: how to load the model, and `keepAlive` how long it stays, as in ``load(_:options:keepAlive:progress:)``.
    /// - Throws: `ModelStoreError`, `InferenceError`, `RoostError.noActiveModel`, `CancellationError`.
    public nonisolated func generate(
        _ prompt: String, model: String? = nil, options: GenerationOptions = .init(), load: LoadOptions? = nil,
        keepAlive: KeepAlive? = nil
    ) async throws -> GenerationResult {
        try await Self.result(of: stream(prompt, model: model, options: options, load: load, keepAlive: keepAlive))
    }

    /// Continues `prompt`, token by token. The stream throws what ``generate(_:model:options:load:keepAlive:)`` throws.
    public nonisolated func stream(
        _ prompt: String, model: String? = nil, options: GenerationOptions = .init(), load: LoadOptions? = nil,
        keepAlive: KeepAlive? = nil
    ) -> AsyncThrowingStream<GenerationEvent, any Error> {
        events(from: model, load, keepAlive) { $0.generate(prompt, options: options) }
    }

    /// Answers a conversation, token by token; for a model without a chat template the stream throws
    /// `InferenceError.noChatTemplate`.
    public nonisolated func chat(
        _ messages: [ChatMessage], model: String? = nil, options: GenerationOptions = .init(),
        load: LoadOptions? = nil, keepAlive: KeepAlive? = nil
    ) -> AsyncThrowingStream<GenerationEvent, any Error> {
        events(from: model, load, keepAlive) { $0.chat(messages, options: options) }
    }

    /// Adds to a model's statistics; an answer neither waits for that nor fails with it.
    public nonisolated func recordTokens(_ count: Int, of model: String?) {
        guard count > 0 else { return }
        Task { [self] in
            guard let record = try? await self.model(named: model) else { return }
            try? await store.recordTokens(count, of: record.name)
        }
    }

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
        _ start: @escaping @Sendable (any RunningModel) -> GenerationStream
    ) -> AsyncThrowingStream<GenerationEvent, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await withModel(model, options: load, keepAlive: keepAlive) { loaded in
                        for try await event in start(loaded) {
                            if case .finished(let result) = event { recordTokens(result.tokens.count, of: model) }
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
