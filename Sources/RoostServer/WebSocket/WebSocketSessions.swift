import Synchronization

/// The sessions of all WebSockets, so that a client finds its own again.
final class WebSocketSessions: Sendable {
    private struct State {
        var sessions: [String: WebSocketSession] = [:]
        /// Those without a connection, the first to go first.
        var absent: [String] = []
    }

    let limits: WebSocketLimits
    private let state = Mutex(State())

    init(limits: WebSocketLimits) { self.limits = limits }

    /// How many there are.
    var count: Int { state.withLock { $0.sessions.count } }

    func make(caller: Caller, events: ServerEvents) -> WebSocketSession {
        // The system's generator is one for secrets.
        var random = SystemRandomNumberGenerator()
        let digits = (0..<4).map { _ in
            let part = String(random.next() as UInt32, radix: 16)
            return String(repeating: "0", count: 8 - part.count) + part
        }
        let session = WebSocketSession(
            token: digits.joined(), caller: caller, limits: limits, events: events, sessions: self)
        state.withLock { $0.sessions[session.token] = session }
        return session
    }

    /// The session of a token, if it is this caller's: to others it does not exist.
    func find(_ token: String, caller: Caller) -> WebSocketSession? {
        let session = state.withLock { $0.sessions[token] }
        return session?.caller.name == caller.name && session?.caller.keyID == caller.keyID ? session : nil
    }

    /// Its client has gone; there are only so many that wait.
    func isAbsent(_ session: WebSocketSession) {
        let oldest = state.withLock { state -> WebSocketSession? in
            state.absent.append(session.token)
            guard state.absent.count > limits.absentCount else { return nil }
            return state.sessions[state.absent.removeFirst()]
        }
        oldest?.end()
    }

    /// Its client is back.
    func isPresent(_ session: WebSocketSession) { state.withLock { $0.absent.removeAll { $0 == session.token } } }

    func remove(_ session: WebSocketSession) {
        state.withLock { state in
            state.sessions[session.token] = nil
            state.absent.removeAll { $0 == session.token }
        }
    }
}
