import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): an event has a number, a name
/// and JSON.
struct EventStream: Sendable {
    static let mediaType = "text/event-stream"
    /// Quiet time after which a comment shows that the connection lives; proxies close at a minute or so.
    static let heartbeat = Duration.seconds(15)
    /// Events that wait for a client.
    private static let bufferLength = 256

    /// One event.
    struct Event: Sendable {
        let name: String
        let data: Data

        init(_ name: String, _ value: some Encodable) throws {
            self.name = name
            data = try NativeJSON.data(value)
        }

        init(_ name: String, data: Data) {
            self.name = name
            self.data = data
        }
    }

    /// Query parameters of every stream: it ends after so many events or seconds, whichever is first.
    static let parameters = [
        Operation.Parameter(
            name: "limit", schema: .integer(1...1_000_000, "End the stream after so many events.")),
        Operation.Parameter(
            name: "seconds", schema: .number(0...86_400, "End the stream after so many seconds.")),
    ]

    /// An answer of events. It ends when they do, when the request's limits are reached, when the client goes away or
    /// the server stops. To a client that reads slowly the oldest are not sent, and an event `gap` tells how many.
    ///
    /// - Parameter events: made for this client; it is cancelled when nobody reads it any more.
    /// - Throws: `APIError` when the server stops.
    static func response(
        to request: NativeRequest, _ parts: ServerParts, _ events: AsyncStream<Event>
    ) async throws -> Response {
        let limit = request.integer("limit")
        let seconds = request.number("seconds")
        let connection = await request.context.connection()
        let (items, sink) = AsyncStream<Event?>.makeStream(bufferingPolicy: .bufferingNewest(bufferLength))
        let missed = Mutex(0)
        // Comments take events' places, too.
        let put: @Sendable (Event?) -> Void = { item in
            if case .dropped(.some) = sink.yield(item) { missed.withLock { $0 += 1 } }
        }
        let feeder = Task {
            for await event in events { put(event) }
            sink.finish()
        }
        let clock = Task {
            // A comment now and then, until the time is over.
            let end = seconds.map { ContinuousClock.now + .seconds($0) }
            while !Task.isCancelled {
                let next = ContinuousClock.now + heartbeat
                try await Task.sleep(until: min(next, end ?? next), clock: .continuous)
                if let end, ContinuousClock.now >= end { return sink.finish() }
                put(nil)
            }
        }
        // Unlike an answer it would never end by itself while the server waits.
        let drain = Task { [control = parts.control] in
            await control.drainAsked.wait()
            sink.finish()
        }
        let number: Int
        do {
            number = try parts.active.add(for: request.context.caller) { _ in sink.finish() }
        } catch {
            for task in [feeder, drain] { task.cancel() }
            clock.cancel()
            throw error
        }
        let observer = connection?.onClose { sink.finish() }
        sink.onTermination = { _ in
            for task in [feeder, drain] { task.cancel() }
            clock.cancel()
            parts.active.remove(number)
            if let observer { connection?.forget(observer) }
        }
        let body = ResponseBody { writer in
            defer { sink.finish() }
            var count = 0
            for await item in items {
                guard let item else {
                    try await writer.write(ByteBuffer(staticString: ": still here\n\n"))
                    continue
                }
                let gap = missed.withLock { missed in
                    defer { missed = 0 }
                    return missed
                }
                if gap > 0 { try await writer.write(frame(try Event("gap", Gap(missed: gap)), number: count)) }
                count += 1
                try await writer.write(frame(item, number: count))
                if let limit, count >= limit { break }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "\(mediaType); charset=utf-8", .cacheControl: "no-store"], body: body)
    }

    private struct Gap: Encodable { let missed: Int }

    private static func frame(_ event: Event, number: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(event.data.count + 64)
        buffer.writeString("id: \(number)\nevent: \(event.name)\ndata: ")
        // JSON on one line has no line feeds.
        buffer.writeBytes(event.data)
        buffer.writeStaticString("\n\n")
        return buffer
    }
}
