import NIOCore
import NIOHTTPTypes
import NIOWebSocket

/// One WebSocket on its event loop: frames in and out, pings, the closing handshake. It has no task of its own, so that
/// an idle connection costs little more than its socket.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = Never
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = WebSocketFrame

    private enum Phase { case open, closing, closed }

    /// How long the other side may take to answer a close.
    private static let closeTimeout = TimeAmount.seconds(5)

    private let connection: WebSocketConnection
    private var assembler: WebSocketAssembler
    private var context: ChannelHandlerContext?
    private var phase = Phase.open
    private var pings: Scheduled<Void>?
    /// Whether anything came since the last ping.
    private var hasHeard = true
    /// Messages that came while another is looked at; few, for nothing is read meanwhile.
    private var waiting = CircularBuffer<ByteBuffer>()
    private var isBusy = false
    private var owesRead = false
    private var clientCode: UInt16?
    /// What the newest ping said that came while nothing could be written.
    private var owedPong: ByteBuffer?

    init(connection: WebSocketConnection) {
        self.connection = connection
        assembler = WebSocketAssembler(byteLimit: connection.limits.messageByteCount)
    }

    /// The answer to the upgrade is written by now: messages may go.
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedulePing()
        connection.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    private func schedulePing() {
        let interval = TimeAmount(connection.limits.pingInterval)
        pings = context?.eventLoop.assumeIsolated().scheduleTask(in: interval) { [weak self] in self?.ping() ?? () }
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasHeard = true
        switch assembler.take(unwrapInboundIn(data)) {
        case .wait, .pong: break
        case .text(let text):
            guard phase == .open else { return }
            waiting.append(text)
            next()
        case .ping(let data):
            guard phase == .open else { return }
            // 5.5.3: the newest ping alone may be answered; a client that does not read makes nothing grow.
            if context.channel.isWritable { sendPong(data) } else { owedPong = data }
        case .close(let code):
            clientCode = code ?? 1005
            if phase == .open {
                // 5.5.1: a close is answered with its own code.
                sendClose(code.map { WebSocketErrorCode(codeNumber: Int($0)) } ?? .normalClosure, "")
            }
            finish()
        case .refuse(let code, let reason): close(code, reason)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if phase == .open, context.channel.isWritable, let data = owedPong {
            owedPong = nil
            sendPong(data)
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOWebSocketError {
            close(WebSocketAssembler.code(for: error), "the frame breaks the protocol")
        } else {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ConnectionState.Drain { connection.goAway() }
        // A client that writes no more has gone.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// Reads no more while a message is looked at: a client cannot send faster than it is answered.
    func read(context: ChannelHandlerContext) {
        if isBusy { owesRead = true } else { context.read() }
    }

    private func next() {
        guard !isBusy, phase == .open, let text = waiting.popFirst() else { return }
        isBusy = true
        connection.received(text)
    }

    /// The last message was looked at.
    func processed() {
        isBusy = false
        next()
        guard !isBusy, owesRead else { return }
        owesRead = false
        context?.read()
    }

    // MARK: Out

    /// What HTTP's side writes has no place here any more.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        promise?.succeed()
    }

    /// Writes messages; the promise is kept when the last of them is in the socket.
    func send(_ texts: [ByteBuffer], promise: EventLoopPromise<Void>) {
        guard phase == .open, let context else { return promise.fail(ChannelError.ioOnClosedChannel) }
        for (index, text) in texts.enumerated() {
            let frame = WebSocketFrame(fin: true, opcode: .text, data: text)
            context.write(wrapOutboundOut(frame), promise: index == texts.count - 1 ? promise : nil)
        }
        if texts.isEmpty { promise.succeed() }
        context.flush()
    }

    private func sendPong(_ data: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: data)), promise: nil)
    }

    /// Closes with a code and, soon, without the other side's consent.
    func close(_ code: WebSocketErrorCode, _ reason: String) {
        guard phase == .open, let context else { return }
        sendClose(code, reason)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.closeTimeout) { [weak self] in
            self?.finish() ?? ()
        }
    }

    private func sendClose(_ code: WebSocketErrorCode, _ reason: String) {
        phase = .closing
        waiting.removeAll()
        guard let context else { return }
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        // A control frame has at most 125 bytes.
        data.writeString(String(reason.prefix(100)))
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)), promise: nil)
    }

    private func finish() { context?.close(promise: nil) }

    private func ping() {
        guard phase == .open, let context else { return }
        guard hasHeard else { return finish() }
        hasHeard = false
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())), promise: nil)
        schedulePing()
    }

    private func ended() {
        guard phase != .closed else { return }
        phase = .closed
        pings?.cancel()
        pings = nil
        waiting.removeAll()
        connection.closed(code: clientCode)
        context = nil
    }
}
