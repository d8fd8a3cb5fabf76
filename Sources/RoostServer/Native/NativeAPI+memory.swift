import Foundation
import Hummingbird
import Roost

extension NativeAPI {
    /// The models in memory.
    var memoryRoutes: [NativeRoute] {
        [
            endpoint(
                .get, "/roost/v1/loaded", .scope(.read),
                Operation(
                    id: "listLoadedModels", tag: .loaded, summary: "The models in memory, as they are now.",
                    note: "Rates are of the time since the look before, at most ten seconds.",
                    answer: .json(.list(.loadedModel), "The models."))
            ) { request in
                let loaded = native.rates.take(try await manager.loadedModels())
                return try NativeJSON.response(loaded.filter { request.context.caller.mayUse(model: $0.name) })
            },
            endpoint(
                .post, "/roost/v1/models/{name}/load", .scope(.admin),
                Operation(
                    id: "loadModel", tag: .loaded, summary: "Bring a model into memory.",
                    note: "A model that is loaded with other options is loaded again when its requests have ended.",
                    path: [Self.name], body: LoadBody.schema, requiresBody: false,
                    answer: .json(.loadedModel, "The model in memory."), failures: [.notFound, .conflict])
            ) { request in
                try await load(request.model(), try request.decode(LoadBody.self) ?? LoadBody(), request)
            },
            endpoint(
                .post, "/roost/v1/models/{name}/unload", .scope(.admin),
                Operation(
                    id: "unloadModel", tag: .loaded, summary: "Let a model go from memory.",
                    note: "Returns when its memory is free. Running requests are waited for, unless `force` ends them.",
                    path: [Self.name],
                    body: .object([.wish("force", .boolean("End running requests. Default false."))]),
                    requiresBody: false,
                    answer: .json(.memoryChange, "Whether it was in memory."), failures: [.notFound])
            ) { request in
                let name = try request.model()
                let force = try request.decode(UnloadBody.self)?.force ?? false
                return try await about(name, for: request) {
                    try NativeJSON.response(
                        MemoryChange(model: name, changed: try await manager.unload(name, force: force)))
                }
            },
            endpoint(
                .post, "/roost/v1/models/{name}/pin", .scope(.admin),
                Operation(
                    id: "pinModel", tag: .loaded, summary: "Load a model and keep it.",
                    note: "It stays whatever its keep-alive says and however scarce memory is, until it is unpinned or "
                        + "unloaded.",
                    path: [Self.name], answer: .json(.memoryChange, "It is in memory and stays."),
                    failures: [.notFound, .conflict])
            ) { request in
                let name = try request.model()
                return try await about(name, for: request) {
                    let key = try await manager.model(named: name).loadedIdentity
                    let before = try await manager.loadedModels().first { $0.record.loadedIdentity == key }
                    try await manager.load(name, pinning: true)
                    return try NativeJSON.response(MemoryChange(model: name, changed: !(before?.isPinned ?? false)))
                }
            },
            endpoint(
                .post, "/roost/v1/models/{name}/unpin", .scope(.admin),
                Operation(
                    id: "unpinModel", tag: .loaded, summary: "Let a pinned model go by its keep-alive again.",
                    path: [Self.name], answer: .json(.memoryChange, "Whether it was pinned."),
                    failures: [.notFound])
            ) { request in
                let name = try request.model()
                return try await about(name, for: request) {
                    try NativeJSON.response(MemoryChange(model: name, changed: try await manager.unpin(name)))
                }
            },
        ]
    }

    private func load(_ name: String, _ body: LoadBody, _ request: NativeRequest) async throws -> Response {
        return try await about(name, for: request) {
            let key = try await manager.model(named: name).loadedIdentity
            let options = try await body.options?.applied(to: manager.loadOptions(of: name))
            try await manager.load(
                name, options: options, keepAlive: try body.keepAlive?.value(), pinning: body.pin)
            let loaded = try await manager.loadedModels().filter { $0.record.loadedIdentity == key }
            guard let report = native.rates.take(loaded).first else {
                // It may have gone again at once: a keep-alive of 0.
                throw NativeFailure.conflict(
                    "not_loaded", "“\(name)” was loaded and has gone again; its keep-alive is over.")
            }
            return try NativeJSON.response(report)
        }
    }
}

/// What became of a model in memory.
private struct MemoryChange: Encodable {
    let model: String
    let changed: Bool
}

private struct UnloadBody: Decodable {
    var force: Bool?
}

/// `POST /roost/v1/models/{name}/load`.
private struct LoadBody: Decodable, Sendable {
    var options: LoadWishes?
    var keepAlive: WireKeepAlive?
    var pin: Bool?

    enum CodingKeys: String, CodingKey {
        case options, pin
        case keepAlive = "keep_alive"
    }

    static let schema = Schema.object([
        .wish("options", .loadWishes), .wish("keep_alive", .keepAlive),
        .wish("pin", .boolean("Whether it stays until it is told to go; left out, as it is.")),
    ])
}

extension Schema {
    fileprivate static let memoryChange = Schema.component(
        "MemoryChange", "What became of a model in memory.",
        [
            .required("model", .string("The name that was asked for.")),
            .required("changed", .boolean("Whether it was otherwise before.")),
        ])
}
