import NIOCore

/// The first of a connection's handlers behind TLS: it sees bytes before the HTTP parser does, and lets none through
/// that nobody will read.
///
/// The parser bounds header fields, not the request's line; and after a request that asks for another protocol it keeps
/// what comes until it is taken out.
final class ByteGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let state: ConnectionState
    private let limit: Int
    private var headByteCount = 0

    init(state: ConnectionState, limit: Int) {
        self.state = state
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state.isDeaf { return }
        let byteCount = unwrapInboundIn(data).readableBytes
        let before = state.isAwaitingHead ? state.headCount : nil
        if before != nil { state.headBegins() }
        context.fireChannelRead(data)
        guard let before, state.isAwaitingHead, state.headCount == before else {
            headByteCount = 0
            return
        }
        headByteCount += byteCount
        if headByteCount > limit { state.fail(.headTooLarge) }
    }
}
