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
        ]
    }

    private func chat(_ request: OpenAIChatRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try request.sampling.requiredModel()
        let job = GenerationJob(model: model, request: try request.generationRequest())
        return try await run(job, OpenAIAnswer(.chat, model: model), request.sampling, context)
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
        options.maxTokens = options.maxTokens ?? 16
        options.topLogProbabilityCount = try request.logprobs.map {
            try WireLogProbability.checked($0, field: "logprobs")
        }
        let job = GenerationJob(
            model: model, request: try request.sampling.request(try request.enginePrompt(), options))
        let answer = OpenAIAnswer(.completion, model: model, echo: try request.echoedText())
        return try await run(job, answer, request.sampling, context)
    }

    private func run(
        _ job: GenerationJob, _ answer: OpenAIAnswer, _ sampling: OpenAISampling, _ context: RoostRequestContext
    ) async throws -> Response {
        var job = job
        job.given = sampling.givenNames
        let generation = try await runner.start(job, for: context)
        if sampling.stream ?? false {
            return generation.response(
                framedBy: OpenAIFrames(
                    answer: answer, choiceCount: job.request.choiceCount, includesUsage: sampling.includesUsage))
        }
        let answers = try await generation.answers()
        return try WireJSON.response(answer.whole(answers), warning: generation.warning)
    }
}
