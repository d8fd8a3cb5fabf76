import NIOCore
import Roost
import Synchronization

/// The events of a message as server-sent events.
final class AnthropicFrames: StreamFrames {
    static let contentType = "text/event-stream; charset=utf-8"

    private let message: AnthropicMessage
    private let stops: Set<String>
    private let writer = Mutex(AnthropicWriter())

    init(message: AnthropicMessage, promptTokenCount: Int, stops: Set<String>) {
        var message = message
        message.usage = AnthropicMessage.Usage(inputTokens: promptTokenCount, outputTokens: 0)
        self.message = message
        self.stops = stops
    }

    func opening() throws -> [ByteBuffer] { try frames(of: [.messageStart(message), .ping]) }

    func waiting() throws -> [ByteBuffer] { try frames(of: [.ping]) }

    func delta(_ delta: GenerationDelta) throws -> [ByteBuffer] {
        try frames(of: writer.withLock { $0.take(delta) })
    }

    func finished(_ results: [GenerationResult], last: GenerationResult) throws -> [ByteBuffer] {
        try frames(of: writer.withLock { $0.finish(last, stops: stops) })
    }

    func failed(_ error: APIError) throws -> [ByteBuffer] { [try WireJSON.event("error", AnthropicError(error))] }

    private func frames(of events: [AnthropicEvent]) throws -> [ByteBuffer] {
        try events.map { try WireJSON.event($0.name, $0) }
    }
}
