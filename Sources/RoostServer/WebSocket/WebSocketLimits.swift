/// What a WebSocket may take.
struct WebSocketLimits: Sendable {
    /// Bytes of a client's message, its fragments together.
    var messageByteCount = 1 << 20
    /// Chats at a time of one session.
    var chatCount = 32
    /// Bytes of messages that were sent and are kept, to be sent again after a reconnect.
    var keptByteCount = 256 << 10
    /// Bytes of messages that wait for the client; with more, texts are joined and states overwritten.
    var unsentByteCount = 128 << 10
    /// Bytes of one chat's text that wait beyond that; with more the chat ends.
    var chatByteCount = 64 << 10
    /// Things that happened and wait; of more the oldest are left out, and the client is told.
    var eventCount = 64
    /// Sessions without a connection; of more the oldest end.
    var absentCount = 256
    /// How often the other side is asked whether it is there.
    var pingInterval = Duration.seconds(30)
    /// How long a session waits for its client.
    var resumeDuration = Duration.seconds(60)

    init() {}

    init(_ configuration: RoostServerConfiguration) {
        pingInterval = configuration.webSocketPingInterval
        resumeDuration = configuration.webSocketResumeDuration
    }
}
