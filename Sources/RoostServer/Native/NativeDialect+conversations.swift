import Foundation
import Hummingbird
import Roost

extension NativeDialect {
    /// The caller's own kept conversations.
    var conversationRoutes: [ServerRoute] {
        let path = "/roost/v1/conversations"
        return [
            .get(path, .scope(.infer)) { request, context in
                try await conversations(of: context) { api in
                    let query = request.uri.queryParameters
                    return try await api.list(
                        query: query["q"].map(String.init), limit: try Self.integer("limit", in: request),
                        cursor: query["cursor"].map(String.init))
                }
            },
            .post(path, .scope(.infer)) { request, context in
                let body = try await parts.reader.decode(ConversationBody.self, from: request)
                return try await conversations(of: context) { try await $0.create(body) }
            },
            .get("\(path)/{id}", .scope(.infer)) { request, context in
                let id = try Self.id(in: context)
                let (from, limit) = (try Self.integer("from", in: request), try Self.integer("limit", in: request))
                return try await conversations(of: context) { try await $0.get(id, from: from, limit: limit) }
            },
            .patch("\(path)/{id}", .scope(.infer)) { request, context in
                let id = try Self.id(in: context)
                let body = try await parts.reader.decode(ConversationRename.self, from: request)
                return try await conversations(of: context) { try await $0.rename(id, body) }
            },
            .delete("\(path)/{id}", .scope(.infer)) { _, context in
                let id = try Self.id(in: context)
                return try await conversations(of: context) { try await $0.delete(id) }
            },
            .post("\(path)/{id}/messages", .scope(.infer)) { request, context in
                let id = try Self.id(in: context)
                let body = try await parts.reader.decode(ConversationAddition.self, from: request)
                return try await conversations(of: context) { try await $0.append(id, body) }
            },
            .get("\(path)/{id}/export", .scope(.infer)) { request, context in
                let id = try Self.id(in: context)
                let text = request.uri.queryParameters["format"].map(String.init) ?? ExportFormat.json.rawValue
                guard let format = ExportFormat(rawValue: text) else {
                    throw APIError.invalidRequest(
                        "format is “\(text.prefix(40))”, but must be markdown or json.", parameter: "format")
                }
                return try await conversations(of: context) { try await $0.export(id, format: format) }
            },
        ]
    }

    /// Runs `body` with what the caller kept. Throws `APIError`.
    private func conversations(
        of context: RoostRequestContext, _ body: (ConversationAPI) async throws -> Response
    ) async throws -> Response {
        do {
            let history = try await parts.manager.history.owned(by: context.caller.name)
            return try await body(ConversationAPI(history: history))
        } catch let error as ChatHistoryError {
            throw ConversationAPI.failure(error)
        }
    }

    private static func id(in context: RoostRequestContext) throws -> String {
        try context.parameters.require("id").lowercased()
    }

    private static func integer(_ name: String, in request: Request) throws -> Int? {
        guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
        guard let number = Int(text) else {
            throw APIError.invalidRequest(
                "\(name) is “\(text.prefix(40))”, but must be a whole number.", parameter: name)
        }
        return number
    }
}
