public import Inference
import NIOHTTP1

extension RemoteModel {
    /// Token ids of `text`, by llama-server, vLLM or another Roost.
    ///
    /// - Throws: `InferenceError`, ``RemoteEngineError``, `CancellationError`.
    public func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) async throws -> [Int32] {
        struct Answer: Decodable, Sendable { var tokens: [Int32] }
        return try await counted {
            try await self.withEngine { attempt in
                var body = JSONWriter()
                body.put("model", attempt.remoteName)
                switch try attempt.tokenForm() {
                case .llamaServer:
                    body.put("content", text)
                    body.put("add_special", addSpecial)
                    body.put("parse_special", parseSpecial)
                case .vllm:
                    body.put("prompt", text)
                    body.put("add_special_tokens", addSpecial)
                }
                let answer: Answer = try await attempt.ask(
                    attempt.engine.address.root("tokenize"), body, ability: "tokens")
                return answer.tokens
            }
        }
    }

    /// The text of `tokens`. How special tokens are written is the engine's choice.
    ///
    /// - Throws: `InferenceError`, ``RemoteEngineError``, `CancellationError`.
    public func detokenize(_ tokens: [Int32], removeSpecial: Bool, unparseSpecial: Bool) async throws -> String {
        struct Answer: Decodable, Sendable {
            var content: String?
            var prompt: String?
        }
        return try await counted {
            try await self.withEngine { attempt in
                _ = try attempt.tokenForm()
                var body = JSONWriter()
                body.put("model", attempt.remoteName)
                body.put("tokens", raw: JSONWriter.array(tokens.map(String.init)))
                let answer: Answer = try await attempt.ask(
                    attempt.engine.address.root("detokenize"), body, ability: "tokens")
                guard let text = answer.content ?? answer.prompt else {
                    throw EngineFailure.engine(reason: "its answer has no text")
                }
                return text
            }
        }
    }

    /// The conversation as the engine's chat template writes it, by llama-server or another Roost.
    ///
    /// - Throws: `InferenceError`, ``RemoteEngineError``, `CancellationError`.
    public func prompt(for chat: ChatRequest) async throws -> String {
        struct Answer: Decodable, Sendable { var prompt: String }
        return try await counted {
            try await self.withEngine { attempt in
                guard attempt.body.abilities.hasApplyTemplate else {
                    throw RemoteEngineError.unsupported(
                        engine: attempt.engine.name, what: "way to show what its chat template writes",
                        advice: "use a model of llama-server or Roost")
                }
                var body = JSONWriter()
                body.put("model", attempt.remoteName)
                try attempt.body.putChat(chat, &body)
                let answer: Answer = try await attempt.ask(
                    attempt.engine.address.root("apply-template"), body, ability: "way to apply a chat template")
                return answer.prompt
            }
        }
    }

    /// Counts a request that is answered in one piece; ``unload()`` ends it.
    func counted<Answer: Sendable>(_ body: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
        let task = Task { try await body() }
        let number = began { _ in task.cancel() }
        defer { ended(number) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

extension EngineAttempt {
    fileprivate func tokenForm() throws -> EngineAbilities.TokenForm {
        guard let form = body.abilities.tokens else {
            throw RemoteEngineError.unsupported(
                engine: engine.name, what: "way to turn text into tokens",
                advice: "use a model of llama-server, vLLM or Roost")
        }
        return form
    }

    /// The answer to a question in one piece.
    ///
    /// - Parameter ability: what the engine lacks when it has no such endpoint.
    /// - Throws: `EngineFailure`, ``RemoteEngineError/unsupported(engine:what:advice:)``, `CancellationError`.
    func ask<Answer: Decodable & Sendable>(_ url: String, _ body: JSONWriter, ability: String) async throws -> Answer {
        do {
            return try await transport.json(.POST, url, body: body.data, as: Answer.self).0
        } catch EngineFailure.request(let status, _) where [404, 405, 501].contains(status) {
            throw RemoteEngineError.unsupported(
                engine: engine.name, what: ability, advice: "use a model of an engine that has it")
        } catch {
            throw self.error(for: error, hasBegun: false)
        }
    }
}
