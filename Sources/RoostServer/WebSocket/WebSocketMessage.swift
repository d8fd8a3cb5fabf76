import Foundation
import NIOCore
import Roost

/// A message of the server.
///
/// | type | fields |
/// |---|---|
/// | `hello` | first of a connection: `session` (to resume by), `version`, `resume_seconds`, `ping_seconds`, `max_message_bytes`, `max_chats` |
/// | `chat.delta` | `id`, `seq`, `choice`, and of `text`, `reasoning`, `tool_calls`, `logprobs` what there is |
/// | `chat.done` | `id`, `seq`, `choices` with `index` and `finish_reason` (`stop`, `length`, `tool_calls`, `cancelled`), `usage`, `timings`, `warning` |
/// | `error` | `error` with `message`, `code`, `field`; `id` of what failed; `seq` when it ends a chat |
/// | `subscribed` | `id`, `topics`: all that are followed now |
/// | `event` | `seq`, `topic`, `event`, `data` as the event streams of `/roost/v1/events` have them |
/// | `gap` | `seq`, `topic`, `missed`: so many events were left out, for the client read too slowly |
/// | `pong` | `id` |
/// | `resumed` | `id`, `session`, `replayed`: so many messages come again; `chats`: those that still run |
///
/// `seq` numbers count up by one within a session.
enum WebSocketMessage {
    case hello(session: String, version: String, WebSocketLimits)
    case pong(id: String?)
    case subscribed(id: String?, topics: Set<EventTopic>)
    case resumed(id: String?, session: String, replayed: Int, chats: [String])
    case delta(id: String, WebSocketDelta)
    case done(id: String, WebSocketDone)
    case error(id: String?, NativeFailure)
    case event(ServerEvent)
    case gap(topic: EventTopic, missed: Int)

    /// The text, with its number where it has one. A message has a JSON form always; if one had not, an empty object is
    /// better than none, for numbers have no holes.
    func text(_ number: UInt64? = nil) -> ByteBuffer {
        ByteBuffer(bytes: (try? data(number)) ?? Data("{}".utf8))
    }

    private func data(_ number: UInt64?) throws -> Data {
        switch self {
        case .hello(let session, let version, let limits):
            try NativeJSON.data(
                Hello(
                    type: "hello", session: session, version: version,
                    resumeSeconds: limits.resumeDuration / .seconds(1), pingSeconds: limits.pingInterval / .seconds(1),
                    maxMessageBytes: limits.messageByteCount, maxChats: limits.chatCount))
        case .pong(let id): try NativeJSON.data(Reply(type: "pong", id: id))
        case .subscribed(let id, let topics):
            try NativeJSON.data(Reply(type: "subscribed", id: id, topics: topics.map(\.rawValue).sorted()))
        case .resumed(let id, let session, let replayed, let chats):
            try NativeJSON.data(
                Reply(type: "resumed", id: id, session: session, replayed: replayed, chats: chats.sorted()))
        case .delta(let id, let delta): try NativeJSON.data(Numbered(type: "chat.delta", id, number, delta))
        case .done(let id, let done): try NativeJSON.data(Numbered(type: "chat.done", id, number, done))
        case .error(let id, let failure): try NativeJSON.data(Numbered(type: "error", id, number, failure))
        case .event(let event):
            // The data is JSON already; names and topics need no escapes.
            Data(#"{"data":"#.utf8) + (try event.data())
                + Data(
                    #","event":"\#(event.name)","seq":\#(number ?? 0),"topic":"\#(event.topic.rawValue)","type":"event"}"#
                        .utf8)
        case .gap(let topic, let missed):
            try NativeJSON.data(Numbered(type: "gap", nil, number, Gap(topic: topic.rawValue, missed: missed)))
        }
    }

    private struct Hello: Encodable {
        let type: String
        let session: String
        let version: String
        let resumeSeconds: Double
        let pingSeconds: Double
        let maxMessageBytes: Int
        let maxChats: Int
    }

    private struct Reply: Encodable {
        let type: String
        let id: String?
        var topics: [String]?
        var session: String?
        var replayed: Int?
        var chats: [String]?
    }

    private struct Gap: Encodable {
        let topic: String
        let missed: Int
    }

    /// Another value's fields with those that all have.
    private struct Numbered<Content: Encodable>: Encodable {
        let type: String
        let id: String?
        let seq: UInt64?
        let content: Content

        init(type: String, _ id: String?, _ seq: UInt64?, _ content: Content) {
            self.type = type
            self.id = id
            self.seq = seq
            self.content = content
        }

        func encode(to encoder: any Encoder) throws {
            try content.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(type, forKey: .type)
            try container.encodeIfPresent(id, forKey: .id)
            try container.encodeIfPresent(seq, forKey: .seq)
        }

        private enum CodingKeys: CodingKey { case type, id, seq }
    }
}

/// More of a chat's choice; what comes while the client reads slowly is joined.
struct WebSocketDelta: Encodable, Sendable {
    let choice: Int
    private var text: String
    private var reasoning: String
    private var toolCalls: [ToolCallDelta]
    private var logProbabilities: [TokenLogProbability]

    init(_ delta: GenerationDelta) {
        choice = delta.choice
        text = delta.text
        reasoning = delta.reasoning
        toolCalls = delta.toolCalls
        logProbabilities = delta.logProbabilities
    }

    /// About its size.
    var byteCount: Int {
        text.utf8.count + reasoning.utf8.count + toolCalls.reduce(0) { $0 + 64 + $1.arguments.utf8.count }
            + logProbabilities.reduce(0) { $0 + 64 * (1 + $1.top.count) }
    }

    mutating func append(_ next: WebSocketDelta) {
        text += next.text
        reasoning += next.reasoning
        toolCalls += next.toolCalls
        logProbabilities += next.logProbabilities
    }

    private enum CodingKeys: String, CodingKey { case choice, text, reasoning, toolCalls, logprobs }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(choice, forKey: .choice)
        if !text.isEmpty { try container.encode(text, forKey: .text) }
        if !reasoning.isEmpty { try container.encode(reasoning, forKey: .reasoning) }
        if !toolCalls.isEmpty { try container.encode(toolCalls.map(OpenAIToolCall.init), forKey: .toolCalls) }
        if !logProbabilities.isEmpty {
            try container.encode(logProbabilities.map(WireLogProbability.init), forKey: .logprobs)
        }
    }
}

/// The end of a chat.
struct WebSocketDone: Encodable, Sendable {
    struct Choice: Encodable, Sendable {
        let index: Int
        let finishReason: String
    }

    struct Usage: Encodable, Sendable {
        let promptTokens: Int
        let completionTokens: Int
        let cachedTokens: Int
    }

    struct Timings: Encodable, Sendable {
        let promptTokensPerSecond: Double
        let tokensPerSecond: Double
    }

    let choices: [Choice]
    var usage: Usage?
    var timings: Timings?
    var warning: String?

    /// The end that the client asked for.
    static func cancelled(_ finished: [GenerationResult], choiceCount: Int) -> WebSocketDone {
        let done = Dictionary(finished.map { ($0.choice, $0.finishReason.openAIName) }) { first, _ in first }
        return WebSocketDone(
            choices: (0..<max(1, choiceCount)).map { Choice(index: $0, finishReason: done[$0] ?? "cancelled") })
    }

    init(choices: [Choice]) { self.choices = choices }

    init(_ results: [GenerationResult], warning: String?) {
        let results = results.sorted { $0.choice < $1.choice }
        choices = results.map { Choice(index: $0.choice, finishReason: $0.finishReason.openAIName) }
        self.warning = warning
        guard let first = results.first else { return }
        usage = Usage(
            promptTokens: first.promptTokenCount, completionTokens: results.reduce(0) { $0 + $1.completionTokenCount },
            cachedTokens: first.cachedPromptTokenCount)
        timings = Timings(
            promptTokensPerSecond: (first.promptTokensPerSecond * 100).rounded() / 100,
            tokensPerSecond: (first.tokensPerSecond * 100).rounded() / 100)
    }
}
