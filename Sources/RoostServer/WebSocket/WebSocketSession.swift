import HTTPTypes
import NIOCore
import NIOWebSocket
import Roost
import Synchronization

/// What a client has going on, over one connection and the next: its chats, what it follows, and the messages that wait
/// for it or may be wanted again.
///
/// Nothing here waits for the client. What it does not read is joined (texts), overwritten (states) or left out and
/// counted (events), and a chat whose text outgrows its share ends: memory stays bounded however slow it reads.
final class WebSocketSession: Sendable {
    private struct State {
        var outbox: WebSocketOutbox
        var connection: WebSocketConnection?
        /// The connection that it had last, also when that is gone.
        var latest: ObjectIdentifier?
        var isWriting = false
        var isOver = false
        var isGoingAway = false
        var chats: [String: WebSocketChat] = [:]
        var topics: Set<EventTopic> = []
        /// The number of its listener, once it has followed something.
        var listener: Int?
        /// States that wait, by what they are of; in order.
        var states: [(key: String, event: ServerEvent)] = []
        var events: [ServerEvent] = []
        var missedEventCount = 0
        var roomWaiter: CheckedContinuation<Void, Never>?
        var expiry: Scheduled<Void>?
    }

    /// 128 random bits: whoever has it and the same key goes on with the session.
    let token: String
    let caller: Caller
    private let limits: WebSocketLimits
    private let events: ServerEvents
    private let sessions: WebSocketSessions
    private let state: Mutex<State>

    init(
        token: String, caller: Caller, limits: WebSocketLimits, events: ServerEvents, sessions: WebSocketSessions
    ) {
        self.token = token
        self.caller = caller
        self.limits = limits
        self.events = events
        self.sessions = sessions
        state = Mutex(State(outbox: WebSocketOutbox(keptByteLimit: limits.keptByteCount)))
    }

    /// Whether nothing was asked of it yet.
    var isUnused: Bool {
        state.withLock { $0.chats.isEmpty && $0.topics.isEmpty && $0.outbox.lastNumber == 0 }
    }

    // MARK: Connections

    func attach(_ connection: WebSocketConnection) {
        state.withLock { state in
            state.connection = connection
            state.latest = ObjectIdentifier(connection)
        }
    }

    /// Goes on with another connection, from the message after `number`. False when that is not possible.
    func resume(on connection: WebSocketConnection, after number: UInt64, id: String?) -> Bool {
        let (isDone, earlier) = state.withLock { state -> (Bool, WebSocketConnection?) in
            guard !state.isOver else { return (false, nil) }
            let chats = Array(state.chats.keys)
            let replayed = state.outbox.rewind(to: number) { count in
                WebSocketMessage.resumed(id: id, session: token, replayed: count, chats: chats).text()
            }
            guard replayed != nil else { return (false, nil) }
            let earlier = state.connection
            state.connection = connection
            state.latest = ObjectIdentifier(connection)
            state.isWriting = false
            state.expiry?.cancel()
            state.expiry = nil
            return (true, earlier)
        }
        earlier?.close(.policyViolation, "another connection has resumed the session")
        if isDone {
            sessions.isPresent(self)
            pump()
        }
        return isDone
    }

    /// A connection is gone. The session waits for the next one, if there is anything to come back for.
    ///
    /// What could not be written may tell of it before the connection's end does, which knows whether the client said that
    /// it is over.
    func detach(_ connection: WebSocketConnection, isOver: Bool) {
        let (wasCurrent, waits, waiter) = state.withLock { state in
            guard state.latest == ObjectIdentifier(connection), state.connection != nil || isOver else {
                return (false, false, CheckedContinuation<Void, Never>?.none)
            }
            state.connection = nil
            state.isWriting = false
            let waits =
                !isOver && !state.isGoingAway
                && (!state.chats.isEmpty || !state.topics.isEmpty || state.outbox.lastNumber > 0)
            return (true, waits, state.roomWaiter.take())
        }
        waiter?.resume()
        guard wasCurrent else { return }
        guard waits else { return end() }
        let expiry = connection.eventLoop.scheduleTask(in: TimeAmount(limits.resumeDuration)) { [weak self] in
            self?.endIfAbsent() ?? ()
        }
        let isBack = state.withLock { state in
            if state.connection == nil { state.expiry = expiry }
            return state.connection != nil
        }
        if isBack { expiry.cancel() } else { sessions.isAbsent(self) }
    }

    private func endIfAbsent() {
        if state.withLock({ $0.connection == nil }) { end() }
    }

    /// Ends chats and forgets everything.
    func end() {
        let (chats, listener, waiter) = state.withLock { state in
            state.isOver = true
            defer {
                state.chats = [:]
                state.listener = nil
                state.expiry?.cancel()
                state.states = []
                state.events = []
            }
            return (state.chats.values.map { $0 }, state.listener, state.roomWaiter.take())
        }
        waiter?.resume()
        for chat in chats { chat.cancel() }
        if let listener { events.forget(listener) }
        sessions.remove(self)
    }

    /// Begins no more chats, and closes when those that run have ended.
    func goAway() {
        state.withLock { $0.isGoingAway = true }
        pump()
    }

    // MARK: Replies

    func reply(_ message: WebSocketMessage) {
        state.withLock { $0.outbox.append(reply: message.text()) }
        pump()
    }

    /// Returns when the client has read enough that it may be answered again.
    func roomForReplies() async {
        await withCheckedContinuation { continuation in
            let resumes = state.withLock { state in
                let isFull = state.connection != nil && state.outbox.unsentByteCount > limits.unsentByteCount
                guard isFull, !state.isOver, state.roomWaiter == nil else { return true }
                state.roomWaiter = continuation
                return false
            }
            if resumes { continuation.resume() }
        }
    }

    // MARK: Chats

    /// Begins a chat. Throws `NativeFailure`.
    func chat(_ id: String, _ job: GenerationJob, runner: GenerationRunner) throws {
        let chat = WebSocketChat(id: id)
        try state.withLock { state in
            guard !state.isGoingAway, !state.isOver else { throw NativeFailure(APIError.stopping) }
            guard state.chats[id] == nil else {
                throw NativeFailure.conflict(
                    "duplicate_id", "A chat “\(id.prefix(80))” runs already; choose another id.")
            }
            guard state.chats.count < limits.chatCount else {
                throw NativeFailure(
                    status: .tooManyRequests, code: "too_many_chats",
                    message: "\(limits.chatCount) chats run on this connection, the most; wait until one has ended.")
            }
            state.chats[id] = chat
        }
        chat.run(job, by: caller, runner: runner, in: self)
    }

    /// Ends a chat. False when there is none.
    func cancel(_ id: String) -> Bool {
        guard let chat = state.withLock({ $0.chats[id] }) else { return false }
        chat.cancel()
        return true
    }

    /// More of a chat.
    func deliver(_ delta: WebSocketDelta, of chat: WebSocketChat) {
        let isTooMuch = state.withLock { state in
            guard state.chats[chat.id] === chat, !chat.hasEnd else { return false }
            if !chat.isHeldUp, state.outbox.unsentByteCount < limits.unsentByteCount {
                state.outbox.append { WebSocketMessage.delta(id: chat.id, delta).text($0) }
                return false
            }
            chat.hold(delta)
            guard chat.heldByteCount > limits.chatByteCount else { return false }
            chat.setEnd(
                .error(
                    id: chat.id,
                    NativeFailure(
                        status: .requestTimeout, code: "slow_reader",
                        message:
                            "The chat was ended: more than \(limits.chatByteCount) bytes of its text were not read.")))
            return true
        }
        if isTooMuch { chat.cancel() }
        pump()
    }

    /// The last message of a chat; the first one counts.
    func finish(_ chat: WebSocketChat, with message: WebSocketMessage) {
        state.withLock { state in
            guard state.chats[chat.id] === chat else { return }
            chat.setEnd(message)
        }
        pump()
    }

    // MARK: Topics

    func subscribe(_ topics: Set<EventTopic>) -> Set<EventTopic> {
        follow { $0.union(topics) }
    }

    func unsubscribe(_ topics: Set<EventTopic>) -> Set<EventTopic> {
        follow { $0.subtracting(topics) }
    }

    private func follow(_ change: (Set<EventTopic>) -> Set<EventTopic>) -> Set<EventTopic> {
        let topics = state.withLock { state in
            state.topics = change(state.topics)
            state.states.removeAll { !state.topics.contains($0.event.topic) }
            guard !state.isOver else { return state.topics }
            // A listener without topics is not called: what is comes here, before anything that is told from now on.
            let number = state.listener ?? events.listen(to: []) { [weak self] in self?.take($0) }
            state.listener = number
            for event in events.change(number, to: state.topics) { add(event, &state) }
            return state.topics
        }
        pump()
        return topics
    }

    private func take(_ event: ServerEvent) {
        state.withLock { add(event, &$0) }
        pump()
    }

    private func add(_ event: ServerEvent, _ state: inout State) {
        guard state.topics.contains(event.topic), !state.isOver, let event = event.seen(by: caller) else { return }
        if let key = event.coalescingKey {
            if let place = state.states.firstIndex(where: { $0.key == key }) {
                state.states[place].event = event
            } else {
                state.states.append((key, event))
            }
        } else {
            state.events.append(event)
            if state.events.count > limits.eventCount {
                state.events.removeFirst()
                state.missedEventCount += 1
            }
        }
    }

    // MARK: Out

    /// Most bytes that are handed to the socket at once.
    private static let batchByteCount = 32 << 10

    /// Writes what waits, one batch at a time: the next when the socket has taken the last.
    private func pump() {
        let step = state.withLock { state -> (WebSocketConnection, [ByteBuffer])? in
            fill(&state)
            guard !state.isWriting, let connection = state.connection else { return nil }
            guard state.outbox.hasUnsent else {
                guard state.isGoingAway, state.chats.isEmpty else { return nil }
                return (connection, [])
            }
            state.isWriting = true
            return (connection, state.outbox.take(upTo: Self.batchByteCount))
        }
        guard let (connection, batch) = step else { return }
        if batch.isEmpty { return connection.close(.goingAway, "the server goes down") }
        connection.send(batch) { [weak self] isWritten in
            guard let self else { return }
            guard isWritten else { return detach(connection, isOver: false) }
            let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard state.connection === connection else { return nil }
                state.isWriting = false
                guard state.outbox.unsentByteCount <= limits.unsentByteCount else { return nil }
                return state.roomWaiter.take()
            }
            waiter?.resume()
            pump()
        }
    }

    /// Makes messages of what was held back, while there is room.
    private func fill(_ state: inout State) {
        func hasRoom() -> Bool { state.outbox.unsentByteCount < limits.unsentByteCount }
        for chat in state.chats.values where chat.isHeldUp || chat.hasEnd {
            while hasRoom(), let message = chat.next() {
                state.outbox.append { message.text($0) }
            }
            if chat.isDelivered { state.chats[chat.id] = nil }
        }
        // States and events are for whoever is there: one who comes back learns the newest.
        guard state.connection != nil else { return }
        while hasRoom(), !state.states.isEmpty {
            let event = state.states.removeFirst().event
            state.outbox.append { WebSocketMessage.event(event).text($0) }
        }
        if state.missedEventCount > 0, hasRoom() {
            let missed = state.missedEventCount
            state.missedEventCount = 0
            state.outbox.append { WebSocketMessage.gap(topic: .events, missed: missed).text($0) }
        }
        while hasRoom(), !state.events.isEmpty {
            let event = state.events.removeFirst()
            state.outbox.append { WebSocketMessage.event(event).text($0) }
        }
    }
}
