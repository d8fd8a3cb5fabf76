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
        try await parts.requireModel(model, for: context)
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
        if request.truncate ?? false {
            job.warnings.append("truncate was ignored: only conversations of /api/chat are cut, not a prompt.")
        }
        let conversation = try await conversation(of: &job, request, context)
        if let conversation {
            job.beforeEnd = { model, request in await conversation.learn(request, from: model) }
        }
        return try await run(
            job, .generate, request.options, request.keepAlive, conversation, stream: request.stream, context)
    }

    /// What `context` of the answer is made of. A `context` of the request becomes the beginning of the prompt.
    private func conversation(
        of job: inout GenerationJob, _ request: OllamaGenerateRequest, _ context: RoostRequestContext
    ) async throws -> OllamaContext? {
        guard case .chat(let chat) = job.request.prompt, !job.hasImages else {
            if !(request.context ?? []).isEmpty {
                job.warnings.append("context was ignored: it does not go with suffix or images.")
            }
            return nil
        }
        guard let tokens = request.context, !tokens.isEmpty else { return OllamaContext() }
        // Tokens say nothing of where thoughts begin and end.
        guard try await !thinks(job.model) else {
            job.warnings.append("context was ignored: send the conversation of a model that thinks to /api/chat.")
            return nil
        }
        let before = try tokens.map { token in
            guard let token = Int32(exactly: token) else {
                throw APIError.invalidRequest(
                    "context has the number \(token), which is no token.", parameter: "context")
            }
            return token
        }
        let prompt = try await runner.answer(
            on: job.model, load: try await request.options.loadOptions(of: job.model, manager),
            keepAlive: request.keepAlive?.value, for: context
        ) { loaded, _ in try await OllamaContext.prompt(after: before, saying: chat, to: loaded) }
        job.request.prompt = .tokens(prompt)
        return OllamaContext(prompt: prompt)
    }

    private func chat(_ request: OllamaChatRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try OllamaFields.required(request.model)
        try await parts.requireModel(model, for: context)
        if (request.messages ?? []).isEmpty {
            return try await loadOnly(model, .chat, request.options, request.keepAlive)
        }
        try await checkThinking(request.think, of: model)
        var job = GenerationJob(model: model, request: try request.generationRequest())
        var leftOut = 0
        while true {
            do {
                return try await run(
                    job, .chat, request.options, request.keepAlive, nil, stream: request.stream, context)
            } catch APIError.invalidRequest(let message, let parameter, let code?)
                where code == "context_length_exceeded" && request.truncate ?? false
            {
                guard case .chat(var chat) = job.request.prompt else {
                    throw APIError.invalidRequest(message, parameter: parameter, code: code)
                }
                job.asked = job.asked ?? chat.messages
                guard let count = chat.dropOldest() else {
                    throw APIError.invalidRequest(message, parameter: parameter, code: code)
                }
                leftOut += count
                job.request.prompt = .chat(chat)
                job.warnings = [
                    "The conversation is longer than the context: its \(leftOut) oldest messages were left out."
                ]
            }
        }
    }

    private func run(
        _ job: GenerationJob, _ kind: OllamaLine.Kind, _ options: OllamaOptions?, _ keepAlive: OllamaKeepAlive?,
        _ conversation: OllamaContext?, stream: Bool?, _ context: RoostRequestContext
    ) async throws -> Response {
        var job = job
        job.load = try await options.loadOptions(of: job.model, manager)
        job.keepAlive = keepAlive?.value
        job.given = options.givenNames
        job.warnings += options?.warnings ?? []
        let generation = try await runner.start(job, for: context)
        let frames = OllamaFrames(kind: kind, generation: generation, context: conversation)
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
                    model, options: try await options.loadOptions(of: model, manager), keepAlive: keepAlive?.value)
            }
            return try WireJSON.response(
                OllamaLine(kind: kind, model: model, doneReason: reason), warning: options?.warning)
        } catch {
            throw APIError(error, model: model)
        }
    }

    /// Refuses to have a model think that was not trained for it, in Ollama's words.
    private func checkThinking(_ think: OllamaThink?, of model: String) async throws {
        guard let think, think.isOn, try await !thinks(model) else { return }
        throw APIError.invalidRequest("\"\(model)\" does not support thinking", parameter: "think")
    }

    private func thinks(_ model: String) async throws -> Bool {
        do {
            return try await manager.servedModel(named: model).can(.thinking) ?? true
        } catch {
            throw APIError(error, model: model)
        }
    }
}

extension ChatRequest {
    /// Leaves out an eighth of what was said, the oldest, so that it begins with a person again. What the model was
    /// instructed and the last message stay. How many went; `nil` when nothing more can.
    fileprivate mutating func dropOldest() -> Int? {
        let instructions = messages.prefix { $0.role == .system }
        var said = messages.dropFirst(instructions.count)
        let before = said.count
        guard before > 1 else { return nil }
        said = said.dropFirst(max(1, before / 8))
        while said.count > 1, said.first?.role != .user { said = said.dropFirst() }
        messages = Array(instructions) + Array(said)
        return before - said.count
    }
}
