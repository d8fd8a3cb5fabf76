import Hummingbird
import Roost

extension OllamaDialect {
    func addGenerationRoutes(to router: Router<RoostRequestContext>) {
        router.post("/api/generate") { request, context in
            try await generate(reader.decode(OllamaGenerateRequest.self, from: request), context)
        }
        router.post("/api/chat") { request, context in
            try await chat(reader.decode(OllamaChatRequest.self, from: request), context)
        }
    }

    private func generate(_ request: OllamaGenerateRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try required(request.model)
        let prompt = request.prompt ?? ""
        if prompt.isEmpty {
            return try await loadOnly(model, .generate, request.options, request.keepAlive)
        }
        let isRaw = request.raw ?? false
        if isRaw, !(request.system ?? "").isEmpty || !(request.template ?? "").isEmpty || request.context != nil {
            throw APIError.invalidRequest("raw mode does not support template, system, or context", parameter: "raw")
        }
        if !(request.suffix ?? "").isEmpty {
            throw APIError.invalidRequest("\(model) does not support insert", parameter: "suffix")
        }
        if !(request.images ?? []).isEmpty {
            throw APIError.invalidRequest("\(model) does not support images", parameter: "images")
        }
        try refuseUnsupported(model, think: request.think, logprobs: request.logprobs)
        let system = request.system.flatMap { $0.isEmpty ? nil : $0 }
        var job = GenerationJob(
            model: model, input: isRaw ? .text(prompt) : .prompt(prompt, system: system),
            options: try options(request.options, format: request.format))
        if !(request.template ?? "").isEmpty {
            job.warnings.append("template was ignored: prompts are formed by the model's own chat template.")
        }
        if !(request.context ?? []).isEmpty {
            job.warnings.append("context was ignored: send the conversation to /api/chat.")
        }
        return try await run(job, .generate, request.options, request.keepAlive, stream: request.stream, context)
    }

    private func chat(_ request: OllamaChatRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try required(request.model)
        let messages = request.messages ?? []
        if messages.isEmpty {
            return try await loadOnly(model, .chat, request.options, request.keepAlive)
        }
        if !(request.tools ?? []).isEmpty {
            throw APIError.invalidRequest("\(model) does not support tools", parameter: "tools")
        }
        try refuseUnsupported(model, think: request.think, logprobs: request.logprobs)
        let job = GenerationJob(
            model: model, input: .messages(try chatMessages(messages, model: model)),
            options: try options(request.options, format: request.format))
        return try await run(job, .chat, request.options, request.keepAlive, stream: request.stream, context)
    }

    private func run(
        _ job: GenerationJob, _ kind: OllamaLine.Kind, _ options: OllamaOptions?, _ keepAlive: OllamaKeepAlive?,
        stream: Bool?, _ context: RoostRequestContext
    ) async throws -> Response {
        var job = job
        job.load = options?.loadOptions(base: manager.configuration.load)
        job.keepAlive = keepAlive?.value
        let generation = try await runner.start(job, for: context.connection())
        if stream ?? true { return generation.response(framedBy: OllamaFrames(kind: kind, generation: generation)) }
        let result = try await generation.result()
        return try WireJSON.response(
            OllamaFrames.end(result, kind: kind, of: generation, text: result.text), warning: generation.warning)
    }

    /// No prompt: the model is loaded, or with `keep_alive: 0` unloaded.
    private func loadOnly(
        _ model: String, _ kind: OllamaLine.Kind, _ options: OllamaOptions?, _ keepAlive: OllamaKeepAlive?
    ) async throws -> Response {
        do {
            var reason = "load"
            if let keepAlive, keepAlive.isZero {
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

    private func required(_ model: String?) throws -> String {
        guard let model, !model.isEmpty else {
            throw APIError.invalidRequest("model is required", parameter: "model")
        }
        return model
    }

    private func refuseUnsupported(_ model: String, think: JSONValue?, logprobs: Bool?) throws {
        if let think, !think.isEmpty {
            throw APIError.invalidRequest("\"\(model)\" does not support thinking", parameter: "think")
        }
        if logprobs ?? false {
            throw APIError.invalidRequest("logprobs are not supported", parameter: "logprobs")
        }
    }

    private func options(_ options: OllamaOptions?, format: JSONValue?) throws -> GenerationOptions {
        var result = options?.generationOptions() ?? OllamaOptions.defaults
        switch format {
        case nil, .null, .string(""): break
        case .string("json"): result.format = .json
        case .object:
            throw APIError.invalidRequest(
                "format with a JSON schema is not supported; send format \"json\".", parameter: "format")
        default:
            throw APIError.invalidRequest("format must be \"json\".", parameter: "format")
        }
        return result
    }

    private func chatMessages(_ messages: [OllamaChatRequest.Message], model: String) throws -> [ChatMessage] {
        try messages.enumerated().map { index, message in
            guard let role = ChatMessage.Role(rawValue: message.role) else {
                throw APIError.invalidRequest(
                    "messages[\(index)].role is “\(message.role.prefix(40))”, but must be system, user, assistant or "
                        + "tool.", parameter: "messages[\(index)].role")
            }
            if !(message.images ?? []).isEmpty {
                throw APIError.invalidRequest(
                    "\(model) does not support images", parameter: "messages[\(index)].images")
            }
            return ChatMessage(role: role, content: message.content ?? "")
        }
    }
}
