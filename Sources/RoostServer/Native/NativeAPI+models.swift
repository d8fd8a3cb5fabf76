import Foundation
import Hummingbird
import Roost

extension NativeAPI {
    /// The models of the store.
    var modelRoutes: [NativeRoute] {
        [
            endpoint(
                .get, "/roost/v1/models", .scope(.read),
                Operation(
                    id: "listModels", tag: .models, summary: "The models in the store, by name.",
                    answer: .json(.list(.model), "The models."))
            ) { request in
                try NativeJSON.response(try await parts.models(for: request.context.caller))
            },
            endpoint(
                .get, "/roost/v1/models/{name}", .scope(.read),
                Operation(
                    id: "getModel", tag: .models, summary: "One model of the store.", path: [Self.name],
                    answer: .json(.model, "The model."), failures: [.notFound])
            ) { request in
                let name = try request.model()
                return try await about(name, for: request) {
                    try NativeJSON.response(try await manager.model(named: name))
                }
            },
            endpoint(
                .delete, "/roost/v1/models/{name}", .scope(.delete),
                Operation(
                    id: "deleteModel", tag: .models, summary: "Remove a model from the store.",
                    note: "The name goes; its files go when no other name refers to them. Requests that run on it end.",
                    path: [Self.name], answer: .json(.removal, "What went."), failures: [.notFound])
            ) { request in
                let name = try request.model()
                return try await about(name, for: request) { try NativeJSON.response(try await manager.delete(name)) }
            },
            endpoint(
                .post, "/roost/v1/models/{name}/activate", .scope(.admin),
                Operation(
                    id: "activateModel", tag: .models, summary: "Choose the model that is taken when none is named.",
                    path: [Self.name], answer: .json(.model, "The model, which is active now."),
                    failures: [.notFound])
            ) { request in
                let name = try request.model()
                return try await about(name, for: request) {
                    let record = try await manager.model(named: name)
                    try await manager.setActive(record.name.description)
                    return try NativeJSON.response(try await manager.model(named: record.name.description))
                }
            },
            endpoint(
                .delete, "/roost/v1/active", .scope(.admin),
                Operation(
                    id: "deactivateModel", tag: .models, summary: "Have no model active.",
                    answer: .json(
                        .object([.required("changed", .boolean("Whether one was active."))]), "None is active."))
            ) { _ in
                let wasActive = try await manager.activeModel() != nil
                try await manager.setActive(nil)
                return try NativeJSON.response(["changed": wasActive])
            },
            endpoint(
                .post, "/roost/v1/models/{name}/verify", .scope(.read),
                Operation(
                    id: "verifyModel", tag: .models, summary: "Read a model's files again and compare their SHA-256.",
                    note: "Takes seconds for each gigabyte. With `Accept: text/event-stream` events `progress` come "
                        + "(`phase`, `completed`, `total` in bytes), then `done` with the result, or `failed` with an "
                        + "error.",
                    path: [Self.name],
                    answer: Operation.Answer(
                        note: "What was found, also when files are damaged.",
                        contents: [(NativeJSON.mediaType, .verification), (EventStream.mediaType, .string())]),
                    failures: [.notFound])
            ) { request in
                try await verify(request)
            },
        ]
    }

    // MARK: Verification

    private func verify(_ request: NativeRequest) async throws -> Response {
        let name = try request.model()
        let record = try await about(name, for: request) { try await manager.model(named: name) }
        let full = record.name.description
        guard request.wantsEvents else {
            let connection = await request.context.connection()
            let task = Task { try await manager.verify(full) }
            let observer = connection?.onClose { task.cancel() }
            defer { if let observer { connection?.forget(observer) } }
            return try await about(name, for: request) {
                try NativeJSON.response(VerificationReport(try await task.value))
            }
        }
        let (events, sink) = AsyncStream<EventStream.Event>.makeStream(bufferingPolicy: .bufferingNewest(16))
        let task = Task {
            do {
                let result = try await manager.verify(full) { progress in
                    if let event = try? EventStream.Event("progress", Progress(progress)) { sink.yield(event) }
                }
                sink.yield(try EventStream.Event("done", VerificationReport(result)))
            } catch {
                if let event = try? EventStream.Event("failed", NativeFailure(error, model: name)) {
                    sink.yield(event)
                }
            }
            sink.finish()
        }
        sink.onTermination = { _ in task.cancel() }
        return try await EventStream.response(to: request, parts, events)
    }

    private struct Progress: Encodable {
        let phase: ImportProgress.Phase
        let completed: Int64
        let total: Int64

        init(_ progress: ImportProgress) {
            phase = progress.phase
            completed = progress.completed
            total = progress.total
        }
    }
}
