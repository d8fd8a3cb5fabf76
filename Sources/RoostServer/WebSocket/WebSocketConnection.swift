import Foundation
import HTTPTypes
import NIOCore
import NIOWebSocket
import Roost
import Synchronization

/// One connection: what comes in is looked at here, message by message; what goes out belongs to its session, which may
/// outlive it.
final class WebSocketConnection: Sendable {
    private struct Current {
        var session: WebSocketSession?
        /// Once it is closed: whether the client said that it is over.
        var end: Bool?
    }

    let eventLoop: any EventLoop
    let caller: Caller
    let limits: WebSocketLimits
    private let parts: ServerParts
    private let handler: NIOLoopBoundBox<WebSocketHandler?>
    private let current = Mutex(Current())
    /// Its number among the streams that end with the caller's key or the server.
    private let number = Mutex<Int?>(nil)

    init(eventLoop: any EventLoop, caller: Caller, parts: ServerParts) {
        self.eventLoop = eventLoop
        self.caller = caller
        self.parts = parts
        limits = parts.native.sessions.limits
        handler = NIOLoopBoundBox.makeEmptyBox(valueType: WebSocketHandler.self, eventLoop: eventLoop)
    }

    private var session: WebSocketSession? { current.withLock { $0.session } }

    // MARK: From the handler, on the event loop

    func opened(_ handler: WebSocketHandler) {
        self.handler.value = handler
        let session = parts.native.sessions.make(caller: caller, events: parts.native.events)
        current.withLock { $0.session = session }
        session.attach(self)
        do {
            let added = try parts.active.add(for: caller) { [weak self] error in self?.end(error) }
            number.withLock { $0 = added }
        } catch {
            goAway()
        }
        session.reply(.hello(session: session.token, version: parts.configuration.version, limits))
    }

    func received(_ text: ByteBuffer) {
        Task {
            await look(at: text)
            await session?.roomForReplies()
            eventLoop.execute { self.handler.value?.processed() }
        }
    }

    /// - Parameter code: what the client closed with; `nil` when the connection broke.
    func closed(code: UInt16?) {
        handler.value = nil
        if let number = number.withLock({ $0.take() }) { parts.active.remove(number) }
        let isOver = code == 1000
        let session = current.withLock { current in
            current.end = isOver
            return current.session.take()
        }
        session?.detach(self, isOver: isOver)
    }

    // MARK: To the handler

    /// Writes messages and calls `done` when they are in the socket, or cannot be written.
    func send(_ texts: [ByteBuffer], done: @escaping @Sendable (Bool) -> Void) {
        eventLoop.execute {
            let promise = self.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { result in
                if case .success = result { done(true) } else { done(false) }
            }
            guard let handler = self.handler.value else { return promise.fail(ChannelError.ioOnClosedChannel) }
            handler.send(texts, promise: promise)
        }
    }

    func close(_ code: WebSocketErrorCode, _ reason: String) {
        eventLoop.execute { self.handler.value?.close(code, reason) }
    }

    /// The server goes down: closes when running chats have ended and their last messages are written.
    func goAway() { session?.goAway() }

    /// The key holds no more, or the server's patience is over.
    private func end(_ error: APIError) {
        if case .unauthorized(let message) = error {
            session?.end()
            close(.policyViolation, message)
        } else {
            goAway()
        }
    }

    // MARK: Messages

    private func look(at text: ByteBuffer) async {
        guard let session else { return }
        let data = Data(text.readableBytesView)
        var id: String?
        do {
            guard !JSONDepth.of(data, exceeds: parts.reader.maximumDepth) else {
                throw NativeFailure(
                    status: .badRequest, code: "invalid_request",
                    message: "The message nests deeper than \(parts.reader.maximumDepth) levels.")
            }
            let value: JSONValue
            do {
                value = try RequestReader.decode(JSONValue.self, from: data)
            } catch {
                throw NativeFailure(
                    status: .badRequest, code: "invalid_json", message: "The message is not valid JSON.")
            }
            if case .object(let fields) = value, case .string(let text)? = fields["id"] { id = text }
            let message = try WebSocketRequest(value, data)
            try take(message, in: session)
        } catch {
            session.reply(.error(id: id, NativeFailure(error)))
        }
    }

    private func take(_ message: WebSocketRequest, in session: WebSocketSession) throws {
        switch message {
        case .ping(let id): session.reply(.pong(id: id))
        case .chat(let id, let job):
            try caller.require(.scope(.infer))
            try session.chat(id, job, runner: parts.runner)
        case .cancel(let id):
            guard session.cancel(id) else {
                throw NativeFailure.notFound("chat_not_found", "No chat “\(id.prefix(80))” runs.")
            }
        case .subscribe(let id, let topics):
            try caller.require(.scope(.read))
            session.reply(.subscribed(id: id, topics: session.subscribe(topics)))
        case .unsubscribe(let id, let topics):
            session.reply(.subscribed(id: id, topics: session.unsubscribe(topics)))
        case .resume(let id, let token, let number):
            guard session.isUnused else {
                throw NativeFailure.conflict("resume_first", "resume must be the first message of a connection.")
            }
            guard let earlier = parts.native.sessions.find(token, caller: caller), earlier !== session,
                earlier.resume(on: self, after: number, id: id)
            else {
                throw NativeFailure(
                    status: .gone, code: "session_expired",
                    message: "The session has ended, or more was missed than is kept; begin anew.")
            }
            // A connection that has closed meanwhile has told only the session that it had.
            let end = current.withLock { current in
                if current.end == nil { current.session = earlier }
                return current.end
            }
            if let end { earlier.detach(self, isOver: end) }
            session.end()
        }
    }
}
