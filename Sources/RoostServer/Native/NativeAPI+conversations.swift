import Hummingbird
import Roost

extension NativeAPI {
    private static let conversation = Operation.Parameter(
        name: "id", schema: .text(1...64, "The conversation's id."))
    private static let conversations = "/roost/v1/conversations"

    /// The conversations that the caller asked to keep.
    var conversationRoutes: [NativeRoute] {
        [
            endpoint(
                .get, Self.conversations, .scope(.infer),
                Operation(
                    id: "listConversations", tag: .conversations,
                    summary: "Your kept conversations, those that were spoken in last first.",
                    note: "With `q` those whose title or one of whose messages has all its words.",
                    query: [
                        .init(
                            name: "q",
                            schema: .text(
                                1...HistoryLimits.queryLength,
                                "Words, found by their beginnings, or \"phrases\" in quotation marks.")),
                        .init(name: "limit", schema: .integer(1...200, "How many at most; 50 without it.")),
                        .init(name: "cursor", schema: .text(1...64, "`next_cursor` of the page before.")),
                    ],
                    answer: .json(.conversationPage, "A page of them."))
            ) { request in
                try await api(request).list(
                    query: request.text("q"), limit: request.integer("limit"), cursor: request.text("cursor"))
            },
            endpoint(
                .post, Self.conversations, .scope(.infer),
                Operation(
                    id: "createConversation", tag: .conversations, summary: "Keep a conversation.",
                    note:
                        "An exported conversation, with its `format` and `version`, is taken in with its times. To keep "
                        + "a chat as it is answered, send `X-Roost-Save: new` with it to any chat endpoint; the answer's "
                        + "`X-Roost-Conversation` is the id, and `X-Roost-Save: ID` goes on with it.",
                    body: .conversationBody,
                    answer: .json(.conversation, "The conversation.", status: .created))
            ) { request in try await api(request).create(try request.required(ConversationBody.self)) },
            endpoint(
                .get, "\(Self.conversations)/{id}", .scope(.infer),
                Operation(
                    id: "getConversation", tag: .conversations, summary: "A conversation with its messages.",
                    note: "Where messages are many or large, `next_from` says where the rest begins.",
                    path: [Self.conversation],
                    query: [
                        .init(name: "from", schema: .integer(0...1_000_000, "The first message, counted from 0.")),
                        .init(name: "limit", schema: .integer(1...1000, "How many at most; 200 without it.")),
                    ],
                    answer: .json(.conversation, "The conversation."), failures: [.notFound])
            ) { request in
                try await api(request).get(
                    request.conversation, from: request.integer("from"), limit: request.integer("limit"))
            },
            endpoint(
                .patch, "\(Self.conversations)/{id}", .scope(.infer),
                Operation(
                    id: "renameConversation", tag: .conversations, summary: "Give a conversation another title.",
                    path: [Self.conversation], body: .conversationRename,
                    answer: .json(.conversation, "The conversation."), failures: [.notFound])
            ) { request in
                try await api(request).rename(request.conversation, try request.required(ConversationRename.self))
            },
            endpoint(
                .delete, "\(Self.conversations)/{id}", .scope(.infer),
                Operation(
                    id: "deleteConversation", tag: .conversations, summary: "Delete a conversation for good.",
                    note: "Its text is overwritten in the database's file.", path: [Self.conversation],
                    answer: .json(.conversationDeletion, "It is gone."), failures: [.notFound])
            ) { request in try await api(request).delete(request.conversation) },
            endpoint(
                .post, "\(Self.conversations)/{id}/messages", .scope(.infer),
                Operation(
                    id: "addMessages", tag: .conversations, summary: "Add messages at the end of a conversation.",
                    path: [Self.conversation], body: .conversationAddition,
                    answer: .json(.conversation, "The conversation."), failures: [.notFound, .conflict])
            ) { request in
                try await api(request).append(request.conversation, try request.required(ConversationAddition.self))
            },
            endpoint(
                .get, "\(Self.conversations)/{id}/export", .scope(.infer),
                Operation(
                    id: "exportConversation", tag: .conversations, summary: "A whole conversation as a file.",
                    path: [Self.conversation],
                    query: [.init(name: "format", schema: .choice(of: ExportFormat.self, "`json` without it."))],
                    answer: Operation.Answer(
                        note: "The file.",
                        contents: [
                            (NativeJSON.mediaType, .conversationDocument), (ConversationAPI.markdownType, .string()),
                        ]), failures: [.notFound])
            ) { request in
                let format = request.text("format").flatMap { ExportFormat(rawValue: $0) } ?? .json
                return try await api(request).export(request.conversation, format: format)
            },
        ]
    }

    /// What the caller kept.
    private func api(_ request: NativeRequest) async throws -> ConversationAPI {
        ConversationAPI(history: try await manager.history.owned(by: request.context.caller.name))
    }
}

extension NativeRequest {
    /// The conversation that the path names; ids are in lower case.
    fileprivate var conversation: String { (text("id") ?? "").lowercased() }
}
