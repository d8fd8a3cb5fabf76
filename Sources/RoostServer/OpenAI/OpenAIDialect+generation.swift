import Hummingbird
import Roost

extension OpenAIDialect {
    var generationRoutes: [ServerRoute] {
        [
            .post("/v1/chat/completions", .scope(.infer)) { request, context in
                try await chat(reader.decode(OpenAIChatRequest.self, from: request), context)
            },
            .post("/v1/completions", .scope(.infer)) { request, context in
                try await complete(reader.decode(OpenAICompletionRequest.self, from: request), context)
            },
            .post("/v1/chat/completions/input_tokens", .scope(.infer)) { request, context in
                let request = try await reader.decode(OpenAIChatRequest.self, from: request)
                let model = try request.sampling.requiredModel()
                let count = try await runner.countTokens(of: request.chatRequest(), on: model, for: context)
                return try WireJSON.response(OpenAIInputTokens(object: "response.input_tokens", inputTokens: count))
            },
        ]
    }

    private func chat(_ request: OpenAIChatRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try request.sampling.requiredModel()
        let job = GenerationJob(model: model, request: try request.generationRequest())
        let answer = OpenAIAnswer(
            .chat, model: model, choicesPerPrompt: job.request.choiceCount, fingerprint: fingerprint)
        return try await run([job], answer, request.sampling, context)
    }

    private func complete(
        _ request: OpenAICompletionRequest, _ context: RoostRequestContext
    ) async throws -> Response {
        let model = try request.sampling.requiredModel()
        if let count = request.bestOf, count != request.sampling.n ?? 1 {
            throw APIError.invalidRequest(
                "best_of is \(count), but must be n, which is \(request.sampling.n ?? 1).", parameter: "best_of")
        }
        var options = try request.sampling.generationOptions()
        // OpenAI's default for this endpoint alone.
        if request.sampling.tokenLimit == nil { options.maxTokens = 16 }
        try request.sampling.applyForm(to: &options)
        options.topLogProbabilityCount = try request.logprobs.map {
            try WireLogProbability.checked($0, field: "logprobs")
        }
        let jobs = try request.enginePrompts().map { prompt in
            GenerationJob(model: model, request: try request.sampling.request(prompt, options))
        }
        let answer = OpenAIAnswer(
            .completion, model: model, echoes: try request.echoedTexts(), choicesPerPrompt: request.sampling.n ?? 1,
            fingerprint: fingerprint)
        return try await run(jobs, answer, request.sampling, context)
    }

    private func run(
        _ jobs: [GenerationJob], _ answer: OpenAIAnswer, _ sampling: OpenAISampling, _ context: RoostRequestContext
    ) async throws -> Response {
        let given = sampling.givenNames
        let jobs = jobs.map { job in
            var job = job
            job.given = given
            return job
        }
        let generation = try await runner.start(jobs, for: context)
        if sampling.stream ?? false {
            return generation.response(
                framedBy: OpenAIFrames(
                    answer: answer, choiceCount: generation.job.request.choiceCount,
                    includesUsage: sampling.includesUsage))
        }
        let answers = try await generation.answers()
        return try WireJSON.response(answer.whole(answers), warning: generation.warning)
    }
}

/// How many tokens a prompt has.
struct OpenAIInputTokens: Encodable, Sendable {
    let object: String
    let inputTokens: Int

    enum CodingKeys: String, CodingKey {
        case object
        case inputTokens = "input_tokens"
    }
}
