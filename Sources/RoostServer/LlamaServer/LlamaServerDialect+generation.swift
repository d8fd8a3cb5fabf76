import Hummingbird
import Roost

extension LlamaServerDialect {
    var generationRoutes: [ServerRoute] {
        ["/completion", "/completions"].map { path in
            .post(path, .scope(.infer)) { request, context in
                try await complete(reader.decode(LlamaServerCompletionRequest.self, from: request), context)
            }
        } + [
            .post("/infill", .scope(.infer)) { request, context in
                try await infill(reader.decode(LlamaServerInfillRequest.self, from: request), context)
            }
        ]
    }

    private func complete(
        _ request: LlamaServerCompletionRequest, _ context: RoostRequestContext
    ) async throws -> Response {
        let given = try request.requiredPrompts()
        let model = try await model(request.model, for: context)
        var prompts: [GenerationRequest.Prompt] = []
        for prompt in given.prompts {
            if let text = prompt.text {
                prompts.append(.text(text, addSpecial: true))
            } else {
                prompts.append(
                    .tokens(
                        try await runner.answer(on: model, for: context) { model, _ in
                            try await prompt.tokens(on: model, addSpecial: true, parseSpecial: true)
                        }))
            }
        }
        return try await run(
            prompts, isList: given.isList, request.options, request.idle, on: model, stream: request.stream, context)
    }

    private func infill(
        _ request: LlamaServerInfillRequest, _ context: RoostRequestContext
    ) async throws -> Response {
        let infill = try request.infill()
        return try await run(
            [.infill(infill)], isList: false, request.options, request.idle,
            on: try await model(request.model, for: context), stream: request.stream, context)
    }

    private func run(
        _ prompts: [GenerationRequest.Prompt], isList: Bool, _ given: LlamaServerOptions,
        _ idle: LlamaServerIdleFields, on model: String, stream: Bool?, _ context: RoostRequestContext
    ) async throws -> Response {
        var options = try given.generationOptions()
        if given.bias != nil {
            options.logitBias = try await runner.answer(on: model, for: context) { model, _ in
                try await given.biases(on: model)
            }
        }
        let jobs = prompts.map { prompt in
            var request = GenerationRequest(prompt, options: options)
            request.usesPrefixCache = given.cachesPrompt ?? true
            var job = GenerationJob(model: model, request: request)
            job.given = given.givenNames
            job.warnings = idle.warnings
            return job
        }
        let generation = try await runner.start(jobs, for: context)
        // As the model was asked, with its own parameters.
        let answer = LlamaServerCompletion.Answer(
            model: model, options: generation.job.request.options, returnsTokens: given.returnsTokens ?? false)
        if stream ?? false { return generation.response(framedBy: LlamaServerFrames(answer: answer)) }
        let answers = try await generation.answers().map {
            LlamaServerCompletion(answer: answer, result: $0.result, logProbabilities: $0.logProbabilities)
        }
        if isList, answers.count > 1 { return try WireJSON.response(answers, warning: generation.warning) }
        guard let only = answers.first else { throw APIError.unavailable("The request was cancelled.") }
        return try WireJSON.response(only, warning: generation.warning)
    }
}
