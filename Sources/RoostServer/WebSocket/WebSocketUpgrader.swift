import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import Synchronization

/// Turns an HTTP/1 connection into a WebSocket when a request's handler has answered 101.
///
/// The request goes through the server's router as any other, with the guards and the keys, and its handler decides:
/// it calls `prepare` and answers `101 Switching Protocols`. When that head is on its way, the handlers of HTTP are
/// replaced by those of WebSocket frames. HTTP's asynchronous side, which sits behind, sees a response whose body goes
/// on until the connection closes.
final class WebSocketUpgrader: ChannelOutboundHandler, RemovableChannelHandler, Sendable {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let prepared = Mutex<WebSocketConnection?>(nil)

    /// The next 101 opens this connection.
    func prepare(_ connection: WebSocketConnection) { prepared.withLock { $0 = connection } }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(let head) = unwrapOutboundIn(data), head.status == .switchingProtocols,
            let connection = prepared.withLock({ $0.take() })
        else { return context.write(data, promise: promise) }
        context.writeAndFlush(data, promise: promise)
        do {
            try replaceHandlers(context, connection)
        } catch {
            // A half changed pipeline is of no use.
            context.close(promise: nil)
        }
    }

    private func replaceHandlers(_ context: ChannelHandlerContext, _ connection: WebSocketConnection) throws {
        let pipeline = context.pipeline.syncOperations
        let handler = WebSocketHandler(connection: connection)
        try pipeline.addHandlers(
            [
                WebSocketFrameEncoder(),
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: connection.limits.messageByteCount)),
                handler,
            ], position: .before(self))
        // What the old decoder has of bytes after the request is dropped: a client waits for the answer (RFC 6455, 4.1).
        pipeline.removeHandler(try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self), promise: nil)
        pipeline.removeHandler(try pipeline.handler(type: HTTPResponseEncoder.self), promise: nil)
        pipeline.removeHandler(try pipeline.handler(type: HTTP1ToHTTPServerCodec.self), promise: nil)
        handler.open()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
