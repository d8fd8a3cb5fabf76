import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Roost

/// What the endpoints of kept conversations do, for one caller.
struct ConversationAPI: Sendable {
    let history: ChatHistory

    static let markdownType = "text/markdown; charset=utf-8"
    /// Bytes of messages in one answer, text and pictures.
    private static let messagesByteCount = 16 << 20

    /// Conversations, or those in which words are.
    func list(query: String?, limit: Int?, cursor: String?) async throws -> Response {
        let limit = limit ?? 50
        if let query {
            let page = try await history.search(query, limit: limit, after: cursor)
            return try NativeJSON.response(
                ConversationList(
                    conversations: page.matches.map(WireConversation.init), nextCursor: Nullable(page.nextCursor)))
        }
        let page = try await history.conversations(limit: limit, after: cursor)
        return try NativeJSON.response(
            ConversationList(
                conversations: page.conversations.map { WireConversation($0) }, nextCursor: Nullable(page.nextCursor)))
    }

    /// Keeps a new conversation, or one that was exported.
    func create(_ body: ConversationBody) async throws -> Response {
        let kept =
            switch body {
            case .new(let new):
                try await history.create(title: new.title, model: new.model ?? "", messages: new.messages ?? [])
            case .exported(let document): try await history.importConversation(document)
            }
        var response = try NativeJSON.response(WireConversation(kept), status: .created)
        response.headers[.location] = "/roost/v1/conversations/\(kept.id)"
        return response
    }

    /// A conversation with messages from a position on.
    func get(_ id: String, from position: Int?, limit: Int?) async throws -> Response {
        let (position, limit) = (position ?? 0, limit ?? 200)
        let kept = try await history.conversation(id)
        let messages = try await history.messages(
            of: kept.id, from: position, limit: limit, byteLimit: Self.messagesByteCount)
        var wire = WireConversation(kept)
        wire.messages = messages
        let (next, overflow) = position.addingReportingOverflow(messages.count)
        wire.nextFrom = messages.isEmpty || overflow || next >= kept.messageCount ? nil : next
        return try NativeJSON.response(wire)
    }

    func rename(_ id: String, _ body: ConversationRename) async throws -> Response {
        try NativeJSON.response(WireConversation(try await history.rename(id, to: body.title)))
    }

    func delete(_ id: String) async throws -> Response {
        try await history.delete(id)
        return try NativeJSON.response(ConversationDeletion(id: id, deleted: true))
    }

    func append(_ id: String, _ body: ConversationAddition) async throws -> Response {
        return try NativeJSON.response(
            WireConversation(
                try await history.append(body.messages, to: id, after: body.after, model: body.model)))
    }

    /// The whole conversation as a file, piece by piece.
    func export(_ id: String, format: ExportFormat) async throws -> Response {
        let kept = try await history.conversation(id)
        let pieces = history.export(kept, as: format)
        let (type, suffix) =
            switch format {
            case .markdown: (Self.markdownType, "md")
            case .json: (NativeJSON.mediaType, "json")
            }
        let body = ResponseBody { writer in
            for try await piece in pieces { try await writer.write(ByteBuffer(string: piece)) }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: type,
                .contentDisposition: "attachment; filename=\"conversation-\(kept.id.prefix(8)).\(suffix)\"",
                .cacheControl: "no-store",
            ], body: body)
    }
}

// MARK: - Bodies

/// What a new conversation is made of: its parts, or a ``ConversationDocument``.
enum ConversationBody: Decodable, Sendable {
    struct New: Decodable, Sendable {
        var title: String?
        var model: String?
        var messages: [SavedMessage]?
    }

    case new(New)
    case exported(ConversationDocument)

    private enum CodingKeys: CodingKey {
        case format
    }

    init(from decoder: any Decoder) throws {
        if try decoder.container(keyedBy: CodingKeys.self).contains(.format) {
            self = .exported(try ConversationDocument(from: decoder))
        } else {
            self = .new(try New(from: decoder))
        }
    }
}

struct ConversationRename: Decodable, Sendable {
    var title: String
}

/// Messages for the end of a conversation; with `after`, only when it has as many.
struct ConversationAddition: Decodable, Sendable {
    var messages: [SavedMessage]
    var after: Int?
    var model: String?
}

// MARK: - Answers

struct ConversationList: Encodable, Sendable {
    let conversations: [WireConversation]
    let nextCursor: Nullable<String>
}

struct ConversationDeletion: Encodable, Sendable {
    let id: String
    let deleted: Bool
}

/// A conversation; with where words were found, or with messages.
struct WireConversation: Encodable, Sendable {
    struct Found: Encodable, Sendable {
        struct Piece: Encodable, Sendable {
            let text: String
            let match: Bool
        }

        /// The message, from 0; `null` for the title.
        let position: Nullable<Int>
        let snippet: [Piece]
    }

    let id: String
    let title: String
    let model: String
    let createdAt: HistoryTime
    let updatedAt: HistoryTime
    let messageCount: Int
    var found: Found?
    var messages: [SavedMessage]?
    /// Where the next messages begin, when there are more.
    var nextFrom: Int?

    init(_ conversation: SavedConversation) {
        id = conversation.id
        title = conversation.title
        model = conversation.model
        createdAt = HistoryTime(conversation.createdAt)
        updatedAt = HistoryTime(conversation.updatedAt)
        messageCount = conversation.messageCount
    }

    init(_ match: HistoryMatch) {
        self.init(match.conversation)
        found = Found(
            position: Nullable(match.position),
            snippet: match.snippet.map { Found.Piece(text: $0.text, match: $0.isMatch) })
    }
}
