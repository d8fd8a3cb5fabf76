import NIOCore
import Roost
import Synchronization

/// The events of a response as server-sent events. When it has ended it is kept, if it is to be.
final class ResponseFrames: StreamFrames {
    static let contentType = "text/event-stream; charset=utf-8"

    private let writer: Mutex<ResponseWriter>
    private let keep: @Sendable (ResponseObject) -> Void

    init(_ response: ResponseObject, keep: @escaping @Sendable (ResponseObject) -> Void) {
        writer = Mutex(ResponseWriter(response))
        self.keep = keep
    }

    func opening() throws -> [ByteBuffer] { try frames(of: writer.withLock { $0.begin() }) }

    func delta(_ delta: GenerationDelta) throws -> [ByteBuffer] {
        try frames(of: writer.withLock { $0.take(delta) })
    }

    func finished(_ results: [GenerationResult], last: GenerationResult) throws -> [ByteBuffer] {
        try end { $0.finish(last) }
    }

    func failed(_ error: APIError) throws -> [ByteBuffer] { try end { $0.fail(error) } }

    private func end(_ write: (inout ResponseWriter) -> [ResponseEvent]) throws -> [ByteBuffer] {
        let (events, response) = writer.withLock { writer in (write(&writer), writer.response) }
        keep(response)
        return try frames(of: events)
    }

    private func frames(of events: [ResponseEvent]) throws -> [ByteBuffer] {
        try events.map { try WireJSON.event($0.name, $0) }
    }
}
