import Hummingbird
import Roost

extension OpenAIDialect {
    func addGenerationRoutes(to router: Router<RoostRequestContext>) {
        router.post("/v1/chat/completions") { request, context in
            try await chat(reader.decode(OpenAIChatRequest.self, from: request), context)
        }
        router.post("/v1/completions") { request, context in
            try await complete(reader.decode(OpenAICompletionRequest.self, from: request), context)
        }
    }

    private func chat(_ request: OpenAIChatRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try request.sampling.requiredModel()
        let messages = try (request.messages ?? []).enumerated().map { try message($1, index: $0) }
        guard !messages.isEmpty else {
            throw APIError.invalidRequest("messages must have at least one message.", parameter: "messages")
        }
        for (name, value) in [("tools", request.tools), ("functions", request.functions)] {
            if let value, !value.isEmpty {
                throw APIError.invalidRequest("\(name) are not supported by this server.", parameter: name)
            }
        }
        if request.logprobs ?? false {
            throw APIError.invalidRequest("logprobs are not supported by this server.", parameter: "logprobs")
        }
        var options = try request.sampling.generationOptions()
        switch request.responseFormat?.type {
        case nil, "text": break
        case "json_object": options.format = .json
        case .some(let type):
            throw APIError.invalidRequest(
                "response_format of type “\(type.prefix(40))” is not supported; use text or json_object.",
                parameter: "response_format")
        }
        let job = GenerationJob(model: model, input: .messages(messages), options: options)
        return try await run(job, OpenAIAnswer(.chat, model: model), request.sampling, context)
    }

    private func complete(
        _ request: OpenAICompletionRequest, _ context: RoostRequestContext
    ) async throws -> Response {
        let model = try request.sampling.requiredModel()
        if !(request.suffix ?? "").isEmpty {
            throw APIError.invalidRequest("suffix is not supported by this server.", parameter: "suffix")
        }
        if request.echo ?? false {
            throw APIError.invalidRequest("echo is not supported by this server.", parameter: "echo")
        }
        if let count = request.bestOf, count != 1 {
            throw APIError.invalidRequest("best_of is \(count), but must be 1.", parameter: "best_of")
        }
        if request.logprobs != nil {
            throw APIError.invalidRequest("logprobs are not supported by this server.", parameter: "logprobs")
        }
        var options = try request.sampling.generationOptions()
        // OpenAI's default for this endpoint alone.
        options.maxTokens = options.maxTokens ?? 16
        let job = GenerationJob(model: model, input: try input(request.prompt), options: options)
        return try await run(job, OpenAIAnswer(.completion, model: model), request.sampling, context)
    }

    private func run(
        _ job: GenerationJob, _ answer: OpenAIAnswer, _ sampling: OpenAISampling, _ context: RoostRequestContext
    ) async throws -> Response {
        let generation = try await runner.start(job, for: context.connection())
        if sampling.stream ?? false {
            return generation.response(
                framedBy: OpenAIFrames(answer: answer, includesUsage: sampling.includesUsage))
        }
        let result = try await generation.result()
        return try WireJSON.response(answer.whole(result), warning: generation.warning)
    }

    private func message(_ message: OpenAIChatRequest.Message, index: Int) throws -> ChatMessage {
        let name = message.role == "developer" ? "system" : message.role
        guard let role = ChatMessage.Role(rawValue: name) else {
            throw APIError.invalidRequest(
                "messages[\(index)].role is “\(message.role.prefix(40))”, but must be system, developer, user, "
                    + "assistant or tool.", parameter: "messages[\(index)].role")
        }
        switch message.content {
        case nil: return ChatMessage(role: role, content: "")
        case .text(let text): return ChatMessage(role: role, content: text)
        case .parts(let parts):
            let texts = try parts.map { part in
                guard part.type == "text", let text = part.text else {
                    throw APIError.invalidRequest(
                        "messages[\(index)].content has a part of type “\(part.type.prefix(40))”, but only text is "
                            + "supported.", parameter: "messages[\(index)].content")
                }
                return text
            }
            return ChatMessage(role: role, content: texts.joined(separator: "\n"))
        }
    }

    private func input(_ prompt: OpenAICompletionRequest.Prompt?) throws -> GenerationJob.Input {
        switch prompt {
        case .text(let text): return .text(text)
        case .tokens(let tokens): return .tokens(tokens)
        case .texts(let texts) where texts.count == 1: return .text(texts[0])
        case .tokenLists(let lists) where lists.count == 1: return .tokens(lists[0])
        case .texts(let prompts): throw tooMany(prompts.count)
        case .tokenLists(let prompts): throw tooMany(prompts.count)
        case nil: throw APIError.invalidRequest("prompt is required.", parameter: "prompt")
        }
    }

    private func tooMany(_ count: Int) -> APIError {
        .invalidRequest("prompt has \(count) prompts, but must have one.", parameter: "prompt")
    }
}
