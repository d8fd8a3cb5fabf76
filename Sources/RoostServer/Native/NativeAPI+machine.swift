import Foundation
import Hummingbird
import Roost

extension NativeAPI {
    /// What this machine has, and what fits on it.
    var machineRoutes: [NativeRoute] {
        [
            endpoint(
                .get, "/roost/v1/hardware", .scope(.read),
                Operation(
                    id: "getHardware", tag: .machine, summary: "What this machine has for models.",
                    note: "As `roost hardware --json` tells it.", answer: .json(.machine, "The machine."))
            ) { _ in
                let machine = await Machine.current(diskPaths: [manager.configuration.homeDirectory.path])
                // What was measured cannot be read: then it is not told.
                let limits = try? await manager.store.measurement(of: machine)
                return try NativeJSON.response(MachineReport(machine: machine, limits: limits))
            },
            endpoint(
                .post, "/roost/v1/plan", .scope(.read),
                Operation(
                    id: "planModel", tag: .machine, summary: "Whether and how a model fits, before it is downloaded.",
                    note:
                        "Of a model that is not in the store only the header is fetched. Whatever is not fixed here is "
                        + "chosen. Paths of files are not taken.",
                    body: PlanBody.schema, answer: .json(.plan, "The plan, also when it does not fit."),
                    failures: [.notFound, .conflict])
            ) { request in
                try await plan(request.required(PlanBody.self), request)
            },
            endpoint(
                .get, "/roost/v1/recommend", .scope(.read),
                Operation(
                    id: "recommendModels", tag: .machine, summary: "Which models are best for this machine.",
                    note: "Models of the catalog and of the store, the best first; with `search` also what the Hugging "
                        + "Face Hub has.",
                    query: [
                        .init(name: "for", schema: .choice(of: ModelPurpose.self, "What it is for.")),
                        .init(
                            name: "min_context",
                            schema: .integer(1...(1 << 24), "Tokens of context that it must be able to have.")),
                        .init(
                            name: "on",
                            schema: .text(1...500, "Another machine: `24GB gpu, 32GB ram`, `rtx 4090, 64GB ram`.")),
                        .init(name: "search", schema: .text(1...200, "Words to look for at the hub, too.")),
                        .init(name: "all", schema: .boolean("Also models that do not fit. Default false.")),
                    ],
                    answer: .json(.list(.recommendation), "The models, the best first."), failures: [.conflict])
            ) { request in
                let found = try await manager.recommendations(
                    for: request.text("for").flatMap(ModelPurpose.init),
                    minimumContextLength: request.integer("min_context"),
                    on: try request.text("on").map { try PlannedMachine(parsing: $0) },
                    searching: request.text("search"))
                let shown = request.flag("all") ?? false ? found : found.filter(\.fits)
                return try NativeJSON.response(
                    shown.filter {
                        !$0.candidate.isDownloaded || request.context.caller.mayUse(model: $0.candidate.name)
                    }
                    .map(RecommendationReport.init))
            },
        ]
    }

    private func plan(_ body: PlanBody, _ asked: NativeRequest) async throws -> Response {
        if let model = body.model { try Self.requireNoPath(model) }
        var request = PlanRequest(contextLength: body.contextLength, others: manager.configuration.load)
        request.parallelRequestCount = body.parallelRequestCount
        request.gpuLayerCount = body.gpuLayerCount
        request.keyCacheType = body.keyCacheType
        request.valueCacheType = body.valueCacheType
        request.batchSize = body.batchSize
        request.microBatchSize = body.microBatchSize
        request.threadCount = body.threadCount
        request.flashAttention = body.flashAttention
        request.memoryMap = body.memoryMap
        var options = DownloadOptions()
        options.quantization = body.quantization
        options.revision = body.revision
        options.hub = body.hub.map(HubIdentifier.init)
        let machine = try body.on.map { try PlannedMachine(parsing: $0) }
        if body.model == nil {
            // To a caller that may not use the active model, none is active.
            let active = try await manager.model(named: nil).name
            guard asked.context.caller.mayUse(model: active) else { throw RoostError.noActiveModel }
        }
        return try await about(body.model, for: asked) {
            try NativeJSON.response(
                PlanReport(try await manager.plan(body.model, request: request, on: machine, options: options)))
        }
    }

    /// Clients name models, not files: whoever may ask over HTTP may not look around on the disk.
    static func requireNoPath(_ reference: String) throws {
        let readings = try ModelReferenceParser(fileExists: { _ in false }).readings(of: reference)
        let isPath = readings.contains { if case .path = $0 { true } else { false } }
        guard isPath else { return }
        throw NativeFailure.invalid(
            "model",
            "model is “\(reference.prefix(80))”, the path of a file, but must be a name or an address; “roost import” "
                + "takes files into the store.")
    }
}

/// `POST /roost/v1/plan`.
private struct PlanBody: Decodable, Sendable {
    var model: String?
    var contextLength: Int?
    var parallelRequestCount: Int?
    var keyCacheType: KVCacheType?
    var valueCacheType: KVCacheType?
    var gpuLayerCount: Int?
    var batchSize: Int?
    var microBatchSize: Int?
    var threadCount: Int?
    var flashAttention: FlashAttention?
    var memoryMap: Bool?
    var on: String?
    var quantization: String?
    var revision: String?
    var hub: String?

    enum CodingKeys: String, CodingKey {
        case model, on, quantization, revision, hub
        case contextLength = "context_length"
        case parallelRequestCount = "parallel_request_count"
        case keyCacheType = "key_cache_type"
        case valueCacheType = "value_cache_type"
        case gpuLayerCount = "gpu_layer_count"
        case batchSize = "batch_size"
        case microBatchSize = "micro_batch_size"
        case threadCount = "thread_count"
        case flashAttention = "flash_attention"
        case memoryMap = "memory_map"
    }

    static let schema = Schema.object([
        .wish("model", .reference("A stored model, or what a download takes; the active one when left out.")),
        .wish("context_length", .integer(1...(1 << 24), "Tokens of prompt and answer that are needed.")),
        .wish("parallel_request_count", .integer(1...256, "Requests that are computed together.")),
        .wish("key_cache_type", .choice(of: KVCacheType.self, "Type of the cached keys.")),
        .wish("value_cache_type", .choice(of: KVCacheType.self, "Type of the cached values.")),
        .wish("gpu_layer_count", .integer(0...(1 << 16), "Layers on GPUs.")),
        .wish("batch_size", .integer(1...(1 << 16), "Most tokens in one call of the engine.")),
        .wish("micro_batch_size", .integer(1...(1 << 16), "Most tokens computed at once.")),
        .wish("thread_count", .integer(1...1024, "Threads that compute.")),
        .wish("flash_attention", .choice(["auto", "on", "off"])),
        .wish("memory_map", .boolean("Map the file instead of reading it.")),
        .wish("on", .text(1...500, "Plan for another machine: `24GB gpu, 32GB ram`.")),
        .wish("quantization", .text(1...40, "Which of a repository's files: `Q4_K_M`.")),
        .wish("revision", .text(1...200, "A branch, tag or commit of the repository.")),
        .wish("hub", .hub),
    ])
}

extension Schema {
    /// What a download takes.
    static func reference(_ note: String) -> Schema { .text(1...ModelReferenceParser.maximumByteCount, note) }

    static let hub = Schema.choice(
        [HubIdentifier.huggingFace.rawValue, HubIdentifier.ollama.rawValue, HubIdentifier.web.rawValue],
        "Ask this hub and no other.")
}
