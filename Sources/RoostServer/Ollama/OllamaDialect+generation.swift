import Hummingbird
import Roost

extension OllamaDialect {
    var generationRoutes: [ServerRoute] {
        [
            .post("/api/generate", .scope(.infer)) { request, context in
                try await generate(reader.decode(OllamaGenerateRequest.self, from: request), context)
            },
            .post("/api/chat", .scope(.infer)) { request, context in
                try await chat(reader.decode(OllamaChatRequest.self, from: request), context)
            },
        ]
    }

    private func generate(_ request: OllamaGenerateRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try OllamaFields.required(request.model)
        if (request.prompt ?? "").isEmpty {
            return try await loadOnly(model, .generate, request.options, request.keepAlive)
        }
        try await checkThinking(request.think, of: model)
        var job = GenerationJob(model: model, request: try request.generationRequest())
        // One turn of a base model is what its users mean by a prompt.
        job.warnsOfPlainText = false
        if !(request.template ?? "").isEmpty {
            job.warnings.append("template was ignored: prompts are formed by the model's own chat template.")
        }
        if !(request.context ?? []).isEmpty {
            job.warnings.append("context was ignored: send the conversation to /api/chat.")
        }
        return try await run(job, .generate, request.options, request.keepAlive, stream: request.stream, context)
    }

    private func chat(_ request: OllamaChatRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try OllamaFields.required(request.model)
        if (request.messages ?? []).isEmpty {
            return try await loadOnly(model, .chat, request.options, request.keepAlive)
        }
        try await checkThinking(request.think, of: model)
        let job = GenerationJob(model: model, request: try request.generationRequest())
        return try await run(job, .chat, request.options, request.keepAlive, stream: request.stream, context)
    }

    private func run(
        _ job: GenerationJob, _ kind: OllamaLine.Kind, _ options: OllamaOptions?, _ keepAlive: OllamaKeepAlive?,
        stream: Bool?, _ context: RoostRequestContext
    ) async throws -> Response {
        var job = job
        job.load = options?.loadOptions(base: manager.configuration.load)
        job.keepAlive = keepAlive?.value
        let generation = try await runner.start(job, for: context)
        let frames = OllamaFrames(kind: kind, generation: generation)
        if stream ?? true { return generation.response(framedBy: frames) }
        guard let answer = try await generation.answers().first else {
            throw APIError.unavailable("The request was cancelled.")
        }
        return try WireJSON.response(frames.whole(answer), warning: generation.warning)
    }

    /// No prompt: the model is loaded, or with `keep_alive: 0` unloaded.
    private func loadOnly(
        _ model: String, _ kind: OllamaLine.Kind, _ options: OllamaOptions?, _ keepAlive: OllamaKeepAlive?
    ) async throws -> Response {
        do {
            var reason = "load"
            if case .remote = try await manager.servedModel(named: model) {
                // Its engine loads it with the first request, and lets it go when it likes.
                if let keepAlive, keepAlive.isZero { reason = "unload" }
            } else if let keepAlive, keepAlive.isZero {
                try await manager.unload(model)
                reason = "unload"
            } else {
                try await manager.load(
                    model, options: options?.loadOptions(base: manager.configuration.load),
                    keepAlive: keepAlive?.value)
            }
            return try WireJSON.response(OllamaLine(kind: kind, model: model, doneReason: reason))
        } catch {
            throw APIError(error, model: model)
        }
    }

    /// Refuses to have a model think that was not trained for it, in Ollama's words.
    private func checkThinking(_ think: OllamaThink?, of model: String) async throws {
        guard let think, think.isOn else { return }
        let served: ServedModel
        do {
            served = try await manager.servedModel(named: model)
        } catch {
            throw APIError(error, model: model)
        }
        guard served.can(.thinking) ?? true else {
            throw APIError.invalidRequest("\"\(model)\" does not support thinking", parameter: "think")
        }
    }
}
