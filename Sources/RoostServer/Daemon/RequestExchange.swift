import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Synchronization

/// Answers the requests of a connection, one after the other.
struct RequestExchange: Sendable {
    let responder: LiveResponder
    let remembered: RememberedAnswers
    let control: ServerControl
    let observer: RequestObserver
    let logger: Logger

    /// Serves a connection until it ends; it is closed then.
    func serve(_ channel: ServerChannel.Parts, watcher: ConnectionWatcher) async {
        do {
            try await channel.executeThenClose { inbound, outbound in
                let parts = RequestParts(inbound.makeAsyncIterator())
                let connection = Connection(
                    channel: channel.channel, parts: parts, outbound: outbound, watcher: watcher)
                do {
                    while let head = try await parts.nextHead() {
                        guard try await answer(head, on: connection) else { return }
                    }
                } catch {
                    guard let fault = RequestFault(error) else { throw error }
                    try await refuse(fault, on: connection)
                }
                // A client that sends no more may not have taken all yet. Where that cannot be had, nothing can.
                try? await channel.channel.triggerUserOutboundEvent(ConnectionState.Flush()).get()
                outbound.finish()
                // The client may still be sending: closing at once would take the answer from it.
                try await parts.drain()
            }
        } catch {
            logger.trace("A connection broke: \(error)")
        }
    }

    private struct Connection {
        let channel: any Channel
        let parts: RequestParts
        let outbound: ServerChannel.Outbound
        let watcher: ConnectionWatcher
    }

    /// Answers one request. False when the connection spoke another protocol after it and is done.
    private func answer(_ head: HTTPRequest, on connection: Connection) async throws -> Bool {
        let began = ContinuousClock.now
        let record = RequestRecord(head)
        var logger = logger
        logger[metadataKey: "request"] = "\(record.id)"
        var context = RoostRequestContext(source: .init(channel: connection.channel, logger: logger))
        context.record = record
        context.watcher = connection.watcher
        if head.headerFields[.expect]?.lowercased() == "100-continue" {
            try await connection.outbound.write(.head(HTTPResponse(status: .continue)))
        }
        let epoch = remembered.epoch
        observer.begins()
        var sent = SentResponse()
        defer {
            observer.ends(
                head, route: context.endpointPath, record: record, sent: sent, duration: .now - began, logger: logger)
        }
        let request = Request(head: head, body: head.hasBody ? connection.parts.body : RequestBody(buffer: .init()))
        var response: Response
        do {
            response = try await responder.respond(to: request, context: context)
        } catch {
            logger.error("A request was not answered", metadata: ["reason": "\(error)"])
            response = responder.response(to: .failure("The server failed to answer."))
        }
        if let body = record.repeatable {
            remembered.keep(
                response.head, body, to: head, isLocalSocket: context.isLocalSocket,
                route: context.endpointPath ?? "", epoch: epoch)
        }
        Self.sign(&response.headers, record)
        sent.status = response.status.code
        if response.status == .switchingProtocols, let upgrade = record.takeUpgrade() {
            try await goOver(to: upgrade, response.head, on: connection)
            sent.isWhole = true
            return false
        }
        // Said here too: its connection may not have heard of the server's end yet.
        if control.isDraining { response.headers[.connection] = "close" }
        try await write(response, to: connection.outbound, sent: &sent)
        sent.isWhole = true
        return true
    }

    // MARK: Repeated requests

    /// The answer to a request that is as one before.
    func repeated(_ head: HTTPRequest, isLocalSocket: Bool) -> RememberedAnswers.Answer? {
        control.isDraining ? nil : remembered.answer(to: head, isLocalSocket: isLocalSocket)
    }

    /// Answers a request as its like before: `write` gets the head of the answer.
    func `repeat`(_ answer: RememberedAnswers.Answer, to request: HTTPRequest, _ write: (HTTPResponse) -> Void) {
        let began = ContinuousClock.now
        let record = RequestRecord()
        record.caller = Caller.owner.name
        observer.begins()
        observer.repeats()
        var head = answer.head
        Self.sign(&head.headerFields, record)
        write(head)
        var logger = logger
        logger[metadataKey: "request"] = "\(record.id)"
        observer.ends(
            request, route: answer.route, record: record,
            sent: SentResponse(status: 200, byteCount: answer.body.bytes.readableBytes, isWhole: true),
            duration: .now - began, logger: logger)
    }

    // MARK: Writing

    /// What each answer has of its own.
    private static func sign(_ fields: inout HTTPFields, _ record: RequestRecord) {
        fields[.date] = DateHeader.now
        fields[.requestID] = record.id
    }

    private func write(
        _ response: Response, to outbound: ServerChannel.Outbound, sent: inout SentResponse
    ) async throws {
        if let length = response.body.contentLength {
            sent.byteCount = length
            return try await HummingbirdCore.ResponseWriter(outbound: outbound).write(
                response: response.head, body: response.body)
        }
        let counter = ByteCounter()
        defer { sent.byteCount = counter.value }
        try await outbound.write(.head(response.head))
        try await response.body.write(CountedBodyWriter(outbound: outbound, counter: counter))
    }

    private func goOver(
        to upgrade: ConnectionUpgrade, _ head: HTTPResponse, on connection: Connection
    ) async throws {
        let event = ConnectionUpgrade.Event(head: HTTPResponseHead(head), handlers: upgrade.handlers)
        try await connection.channel.triggerUserOutboundEvent(event).get()
        try await upgrade.run(
            UpgradedConnection(
                parts: connection.parts, outbound: connection.outbound, watcher: connection.watcher))
    }

    /// Answers what is not a request.
    private func refuse(_ fault: RequestFault, on connection: Connection) async throws {
        let error = fault.apiError
        var response = responder.response(to: error)
        response.headers[.date] = DateHeader.now
        response.headers[.connection] = "close"
        logger.info(
            "A request was refused", metadata: ["status": "\(error.status.code)", "reason": "\(error.message)"])
        observer.refused(status: error.status.code)
        try await HummingbirdCore.ResponseWriter(outbound: connection.outbound).write(
            response: response.head, body: response.body)
    }
}

/// What of an answer has been sent.
struct SentResponse: Sendable {
    var status = 0
    /// Bytes of the body.
    var byteCount = 0
    /// Whether all of it was.
    var isWhole = false
}

extension HTTPRequest {
    /// Whether a body comes after the head, by its fields.
    fileprivate var hasBody: Bool {
        headerFields[.transferEncoding] != nil || headerFields[.contentLength].map { $0 != "0" } ?? false
    }
}

/// Bytes of a body, as they are written.
private final class ByteCounter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ byteCount: Int) { count.add(byteCount, ordering: .relaxed) }
}

/// Writes a body of unknown length and counts its bytes.
private struct CountedBodyWriter: ResponseBodyWriter {
    let outbound: ServerChannel.Outbound
    let counter: ByteCounter

    mutating func write(_ buffer: ByteBuffer) async throws {
        counter.add(buffer.readableBytes)
        try await outbound.write(.body(buffer))
    }

    mutating func write(contentsOf buffers: some Sequence<ByteBuffer>) async throws {
        try await outbound.write(
            contentsOf: buffers.map { buffer in
                counter.add(buffer.readableBytes)
                return .body(buffer)
            })
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await outbound.write(.end(trailingHeaders))
    }
}
