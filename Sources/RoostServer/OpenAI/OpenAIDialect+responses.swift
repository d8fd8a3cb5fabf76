import Foundation
import Hummingbird
import Roost

extension OpenAIDialect {
    private var store: ResponseStore { parts.responses }

    var responseRoutes: [ServerRoute] {
        [
            .post("/v1/responses", .scope(.infer)) { request, context in
                try await respond(reader.decode(ResponsesBody.self, from: request), context)
            },
            .post("/v1/responses/input_tokens", .scope(.infer)) { request, context in
                let body = try await reader.decode(ResponsesBody.self, from: request)
                let model = try OpenAIFields.model(body.request.model)
                let messages = try conversation(of: body, input: try input(of: body, context), context)
                let count = try await runner.countTokens(
                    of: try body.request.chatRequest(messages), on: model, for: context)
                return try WireJSON.response(OpenAIInputTokens(object: "response.input_tokens", inputTokens: count))
            },
            .get("/v1/responses/{id}", .scope(.infer)) { request, context in
                if try QueryParameters(request).bool("stream") ?? false {
                    throw APIError.invalidRequest(
                        "stream is not supported for a stored response: leave it out.", parameter: "stream")
                }
                return try WireJSON.response(try entry(in: context).response)
            },
            .delete("/v1/responses/{id}", .scope(.infer)) { _, context in
                let id = try entry(in: context).response.id
                _ = store.remove(id, of: context.caller.name)
                return try WireJSON.response(OpenAIDeletion(id: id, object: "response"))
            },
            .get("/v1/responses/{id}/input_items", .scope(.infer)) { request, context in
                try WireJSON.response(
                    try ResponseItemList(try entry(in: context).input, QueryParameters(request)))
            },
            .post("/v1/responses/{id}/cancel", .scope(.infer)) { _, context in
                let id = try entry(in: context).response.id
                throw APIError.invalidRequest(
                    "Cannot cancel \(id): only a response that was made with background: true can be cancelled, and "
                        + "background is not supported. End the request itself instead.")
            },
        ]
    }

    private func entry(in context: RoostRequestContext) throws -> ResponseStore.Entry {
        let id = context.parameters.get("id") ?? ""
        guard let entry = store.entry(id, of: context.caller.name) else {
            throw APIError.notFound("Response with id '\(id.prefix(80))' not found.", parameter: "id")
        }
        return entry
    }

    private func respond(_ body: ResponsesBody, _ context: RoostRequestContext) async throws -> Response {
        let request = body.request
        let model = try OpenAIFields.model(request.model)
        try request.check()
        try body.settings.check()
        let input = try input(of: body, context)
        let messages = try conversation(of: body, input: input, context)
        var job = GenerationJob(model: model, request: try request.generationRequest(messages))
        job.given = request.givenNames
        if request.truncation == "auto" { job = try await truncated(job, context) }
        let response = ResponseObject(
            id: WireIdentifier.make("resp_"), model: model, createdAt: Int(Date.now.timeIntervalSince1970),
            settings: body.settings)
        let isStored = request.store ?? true
        let keep: @Sendable (ResponseObject) -> Void = { [store] response in
            if isStored { store.keep(.init(response: response, input: input), for: context.caller.name) }
        }
        let generation = try await runner.start(job, for: context)
        if request.stream ?? false {
            return generation.response(framedBy: ResponseFrames(response, keep: keep))
        }
        guard let answer = try await generation.answers().first else {
            throw APIError.unavailable("The request was cancelled.")
        }
        let whole = ResponseWriter.whole(answer, of: response)
        keep(whole)
        return try WireJSON.response(whole, warning: generation.warning)
    }

    /// What this request adds to the conversation.
    private func input(of body: ResponsesBody, _ context: RoostRequestContext) throws -> [ResponseItem] {
        guard let input = body.request.input else {
            // A response may be gone on with as it is.
            if body.request.previousResponseID != nil { return [] }
            throw APIError.invalidRequest("input is required.", parameter: "input")
        }
        return try input.items { id in
            guard let item = store.item(id, of: context.caller.name) else {
                throw APIError.notFound("Item with id '\(id.prefix(80))' not found.", parameter: "input")
            }
            return item
        }
    }

    private func conversation(
        of body: ResponsesBody, input: [ResponseItem], _ context: RoostRequestContext
    ) throws -> [ChatMessage] {
        let before = try body.request.previousResponseID.map {
            try store.conversation(upTo: $0, of: context.caller.name)
        }
        return try ResponseConversation.messages(
            of: (before ?? []) + input, instructions: body.request.instructions)
    }

    /// The job without the oldest turns that do not fit in the model's context beside the answer. Each turn begins with
    /// what the user says, so that a call and its result stay together.
    private func truncated(_ job: GenerationJob, _ context: RoostRequestContext) async throws -> GenerationJob {
        guard case .chat(let chat) = job.request.prompt, !job.hasImages else { return job }
        if try await runner.isComputedElsewhere(job.model) {
            var job = job
            job.warnings.append(
                "truncation was ignored: the engine that computes this model cuts prompts by its own rules, or not at "
                    + "all.")
            return job
        }
        let contextLength = try await runner.answer(on: job.model, for: context) { model, _ in
            model.info.contextLength
        }
        // A quarter of the context is left for an answer without a limit of its own.
        let room = contextLength - min(job.request.options.maxTokens ?? contextLength / 4, contextLength / 2)
        let leading = chat.messages.prefix { $0.role == .system }
        let turns = chat.messages.indices.dropFirst(leading.count).filter { chat.messages[$0].role == .user }
        func shortened(from turn: Int) -> ChatRequest {
            var shorter = chat
            shorter.messages = Array(leading) + chat.messages[turn...]
            return shorter
        }
        guard try await runner.countTokens(of: chat, on: job.model, for: context) > room, let last = turns.last else {
            return job
        }
        // The first turn that fits, found by halves; the last turn stays, whether it fits or not.
        var (low, high) = (0, turns.count - 1)
        while low < high {
            let middle = (low + high) / 2
            let count = try await runner.countTokens(
                of: shortened(from: turns[middle]), on: job.model, for: context)
            if count > room { low = middle + 1 } else { high = middle }
        }
        var job = job
        job.asked = chat.messages
        job.request.prompt = .chat(shortened(from: turns.indices.contains(low) ? turns[low] : last))
        job.warnings.append("The oldest messages were dropped: they did not fit in the model's context.")
        return job
    }
}

/// A request for a response, read once for what is done and once for what is repeated.
struct ResponsesBody: Decodable, Sendable {
    let request: ResponsesRequest
    let settings: ResponseSettings

    init(from decoder: any Decoder) throws {
        request = try ResponsesRequest(from: decoder)
        settings = try ResponseSettings(from: decoder)
    }
}

/// `GET /v1/responses/{id}/input_items`: the newest first, unless they are asked for in order.
struct ResponseItemList: Encodable, Sendable {
    let data: [ResponseItem]
    let hasMore: Bool

    enum CodingKeys: String, CodingKey {
        case object, data
        case firstID = "first_id"
        case lastID = "last_id"
        case hasMore = "has_more"
    }

    /// Throws `APIError.invalidRequest` that names the field.
    init(_ items: [ResponseItem], _ query: QueryParameters) throws {
        var items = items
        switch query.string("order") {
        case nil, "desc": items.reverse()
        case "asc": break
        case .some(let order):
            throw APIError.invalidRequest(
                "order is “\(order.prefix(40))”, but must be asc or desc.", parameter: "order")
        }
        if let after = query.string("after") {
            guard let index = items.firstIndex(where: { $0.id == after }) else {
                throw APIError.invalidRequest(
                    "after is “\(after.prefix(80))”, which is not among the items.", parameter: "after")
            }
            items.removeFirst(index + 1)
        }
        let limit = try query.int("limit", in: 1...100) ?? 20
        data = Array(items.prefix(limit))
        hasMore = items.count > limit
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("list", forKey: .object)
        try container.encode(data, forKey: .data)
        try container.encode(Nullable(data.first?.id), forKey: .firstID)
        try container.encode(Nullable(data.last?.id), forKey: .lastID)
        try container.encode(hasMore, forKey: .hasMore)
    }
}
