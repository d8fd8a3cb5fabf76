import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Another protocol that a connection goes over to (WebSocket), instead of an answer.
///
/// A route's handler gives it to `context.record.upgrade(with:)` and returns an answer with the status 101 and the
/// headers of the handshake; everything that guards requests has let it through by then. When the answer was written,
/// the HTTP handlers are replaced by `handlers` and `run` has the connection until it returns.
///
/// The handlers are between bytes and parts: the last of them gives `HTTPRequestPart.body` inwards and takes
/// `HTTPResponsePart.body` outwards, whose buffers `UpgradedConnection` reads and writes.
struct ConnectionUpgrade: Sendable {
    /// Makes the handlers, on the connection's event loop, in the order in which what comes in passes them.
    let handlers: @Sendable () -> [any ChannelHandler]
    /// Serves the connection; it is closed after that.
    let run: @Sendable (UpgradedConnection) async throws -> Void

    /// What `ConnectionState` is asked with.
    struct Event: Sendable {
        let head: HTTPResponseHead
        let handlers: @Sendable () -> [any ChannelHandler]
    }
}

/// A connection after an upgrade. One task may read it, several may write.
struct UpgradedConnection: Sendable {
    private let parts: RequestParts
    private let outbound: ServerChannel.Outbound
    /// Tells when the client goes away.
    let watcher: ConnectionWatcher

    init(parts: RequestParts, outbound: ServerChannel.Outbound, watcher: ConnectionWatcher) {
        self.parts = parts
        self.outbound = outbound
        self.watcher = watcher
    }

    /// What comes next; `nil` when the client has closed.
    func next() async throws -> ByteBuffer? { try await parts.nextBuffer() }

    /// Returns when the buffer is on its way; waits while the client does not read.
    func write(_ buffer: ByteBuffer) async throws { try await outbound.write(.body(buffer)) }
}
