import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers requests that are as one before, at once and on the connection's event loop. All others pass.
///
/// Stands behind the types of swift-http-types, where a request's head is whole, and before NIO's asynchronous channel.
final class RepeatedRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private let exchange: RequestExchange
    private let state: ConnectionState
    private let isLocalSocket: Bool
    private var pending: (request: HTTPRequest, answer: RememberedAnswers.Answer)?

    init(exchange: RequestExchange, state: ConnectionState, isLocalSocket: Bool) {
        self.exchange = exchange
        self.state = state
        self.isLocalSocket = isLocalSocket
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Answers go out in the order of the requests, and wait where a client does not take them.
            if state.openRequestCount == 1, context.channel.isWritable,
                let answer = exchange.repeated(head, isLocalSocket: isLocalSocket)
            {
                pending = (head, answer)
                return
            }
        case .body: if pending != nil { return }
        case .end:
            if let (request, answer) = pending {
                pending = nil
                return write(answer, to: request, context)
            }
        }
        context.fireChannelRead(data)
    }

    private func write(_ answer: RememberedAnswers.Answer, to request: HTTPRequest, _ context: ChannelHandlerContext) {
        exchange.repeat(answer, to: request) { head in
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(answer.body.bytes)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
