import Foundation
import Roost

/// A message of a client.
///
/// Each is a JSON text with `type`, and an `id` of the client's choice that the answers carry:
///
/// | type | fields | answered by |
/// |---|---|---|
/// | `chat` | `model`, `messages` and whatever else `POST /v1/chat/completions` takes but `stream` | `chat.delta` …, then `chat.done` or `error` |
/// | `cancel` | the `id` of a chat | that chat's `chat.done` with `cancelled` |
/// | `subscribe`, `unsubscribe` | `topics`: `downloads`, `events`, `loaded`, `health` | `subscribed` with all topics, then `event` … |
/// | `ping` | | `pong` |
/// | `resume` | `session`, `last_seq` | `resumed`, then what was missed; or `error` with `session_expired` |
enum WebSocketRequest: Sendable {
    case chat(id: String, GenerationJob)
    case cancel(id: String)
    case subscribe(id: String?, Set<EventTopic>)
    case unsubscribe(id: String?, Set<EventTopic>)
    case ping(id: String?)
    case resume(id: String?, session: String, lastNumber: UInt64)

    /// Throws `NativeFailure`, `SchemaFault`, `APIError`.
    init(_ value: JSONValue, _ data: Data) throws {
        guard case .object(let fields) = value else {
            throw NativeFailure.invalid("type", "A message is a JSON object with a type.")
        }
        guard case .string(let type)? = fields["type"] else {
            throw NativeFailure.invalid("type", "type is required: \(Self.types.joined(separator: ", ")).")
        }
        switch type {
        case "chat":
            // The rest is checked as OpenAI's own requests are.
            let id = try Self.id(fields)
            let request = try RequestReader.decode(OpenAIChatRequest.self, from: data)
            var job = GenerationJob(
                model: try request.sampling.requiredModel(), request: try request.generationRequest())
            job.given = request.sampling.givenNames
            self = .chat(id: id, job)
        case "cancel":
            try Self.plain([.required("id", Self.idSchema)]).check(value)
            self = .cancel(id: try Self.id(fields))
        case "subscribe", "unsubscribe":
            try Self.plain([
                .optional("id", Self.idSchema),
                .required("topics", .list(.choice(of: EventTopic.self), count: 1...EventTopic.allCases.count)),
            ]).check(value)
            let body = try RequestReader.decode(Topics.self, from: data)
            let topics = Set(body.topics.compactMap(EventTopic.init))
            self = type == "subscribe" ? .subscribe(id: body.id, topics) : .unsubscribe(id: body.id, topics)
        case "ping":
            try Self.plain([.optional("id", Self.idSchema)]).check(value)
            self = .ping(id: try RequestReader.decode(Topics.Named.self, from: data).id)
        case "resume":
            try Self.plain([
                .optional("id", Self.idSchema), .required("session", .text(1...128, "The session's token.")),
                .required("last_seq", .count("The number of the last message that arrived.")),
            ]).check(value)
            let body = try RequestReader.decode(Resume.self, from: data)
            self = .resume(id: body.id, session: body.session, lastNumber: body.lastNumber)
        default:
            throw NativeFailure.invalid(
                "type", "type is “\(type.prefix(40))”, but must be one of \(Self.types.joined(separator: ", ")).")
        }
    }

    private static let types = ["chat", "cancel", "subscribe", "unsubscribe", "ping", "resume"]
    private static let idSchema = Schema.text(1...128, "Chosen by the client.")

    private static func plain(_ fields: [Schema.Field]) -> Schema { .object([.required("type", .string())] + fields) }

    private static func id(_ fields: [String: JSONValue]) throws -> String {
        guard let id = fields["id"] else { throw NativeFailure.invalid("id", "id is required.") }
        try idSchema.check(id, at: "id")
        guard case .string(let text) = id else { throw NativeFailure.invalid("id", "id must be a string.") }
        return text
    }

    private struct Topics: Decodable {
        struct Named: Decodable { var id: String? }

        var id: String?
        var topics: [String]
    }

    private struct Resume: Decodable {
        var id: String?
        var session: String
        var lastNumber: UInt64

        enum CodingKeys: String, CodingKey {
            case id, session
            case lastNumber = "last_seq"
        }
    }
}
