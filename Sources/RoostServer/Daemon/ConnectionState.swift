import NIOCore
import NIOHTTP1

/// What a connection is doing, and how long it may: a request that trickles, a client that does not read and a
/// connection that nobody uses end here. It also decides which answer is a connection's last.
///
/// Lives on the connection's event loop. Stands behind the HTTP parser, before NIO's asynchronous channel.
final class ConnectionState: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Told to a connection when the server stops: it closes when it has answered what it has begun.
    struct Drain: Sendable {}

    /// Asked of a connection that is to be closed: it is done when all that was written before it is on its way.
    struct Flush: Sendable {}

    /// Bytes of a larger part of an answer that are written at a time, to see how much the client takes of it.
    private static let pieceByteCount = 64 << 10

    private let limits: ConnectionLimits
    private var context: ChannelHandlerContext?

    /// Heads that were read.
    private(set) var headCount = 0
    /// Requests that are not answered in full.
    private(set) var openRequestCount = 0
    /// Whether what comes next belongs to the body of the last head.
    private var isReadingBody = false
    /// Whether the last head that was read is of HTTP/1.0.
    private var isOldVersion = false
    /// Whether the client keeps the connection after the last request that was read.
    private var keepsAlive = true
    private var asksForUpgrade = false
    private var isUpgraded = false
    /// Whether the last open answer is the last of the connection.
    private var closesWhenDone = false
    private var hasFailed = false
    private var hasAnswerBegun = false
    /// Since when nothing more comes, and what was written goes out.
    private var endingSince: NIODeadline?
    /// Since when the connection waits to be closed by the client.
    private var closingSince: NIODeadline?

    private var idleSince = NIODeadline.now()
    private var headBeganAt: NIODeadline?
    private var unwritableSince: NIODeadline?
    /// When the client was last seen to take something of what waited for it.
    private var tookAt = NIODeadline.now()
    private var bodyByteCount = 0
    private var declaredByteCount: Int?
    /// How long the client was waited for, of the body that is being read.
    private var bodyWait = TimeAmount.zero
    private var bodyWaitBegan: NIODeadline?

    private var timer: Scheduled<Void>?
    private var timerDeadline: NIODeadline?

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    /// Whether bytes are dropped.
    var isDeaf: Bool {
        !isUpgraded
            && (endingSince != nil || closingSince != nil || hasFailed || (asksForUpgrade && !isReadingBody))
    }

    /// Whether the next thing is a request's head.
    var isAwaitingHead: Bool { !isReadingBody && !isUpgraded }

    /// Bytes of a head have come.
    func headBegins() {
        if headBeganAt == nil { headBeganAt = .now() }
    }

    // MARK: Coming in

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        idleSince = .now()
        plan()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isUpgraded { return context.fireChannelRead(data) }
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head):
            // The client said that the one before was its last.
            guard keepsAlive, !hasFailed else { return }
            begin(head)
        case .body(let buffer):
            guard isReadingBody else { return }
            bodyByteCount += buffer.readableBytes
        case .end:
            guard isReadingBody else { return }
            isReadingBody = false
            bodyWaitBegan = nil
        }
        context.fireChannelRead(data)
    }

    private func begin(_ head: HTTPRequestHead) {
        headCount += 1
        openRequestCount += 1
        headBeganAt = nil
        isReadingBody = true
        isOldVersion = head.version.minor == 0
        keepsAlive = head.isKeepAlive
        asksForUpgrade = head.headers.contains(name: "upgrade")
        bodyByteCount = 0
        bodyWait = .zero
        bodyWaitBegan = nil
        declaredByteCount =
            head.headers.contains(name: "transfer-encoding")
            ? nil : head.headers.first(name: "content-length").map { Int($0) ?? .max } ?? 0
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if let began = bodyWaitBegan {
            bodyWait = bodyWait + (.now() - began)
            bodyWaitBegan = nil
        }
        plan()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        // Only while something may come is the client waited for: who reads the body may be the slow one.
        if isReadingBody, bodyWaitBegan == nil {
            bodyWaitBegan = .now()
            plan()
        }
        context.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is Drain else { return context.fireUserInboundEventTriggered(event) }
        if isUpgraded { return }
        closesWhenDone = true
        guard openRequestCount == 0, headBeganAt == nil else { return }
        if headCount == 0 { context.close(promise: nil) } else { end(context) { context.close(promise: nil) } }
    }

    // MARK: Going out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isUpgraded { return context.write(data, promise: promise) }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if head.status.isInformational {
                // A client of HTTP/1.0 would take it for the answer (RFC 9110, 15.2).
                guard isOldVersion else { break }
                promise?.succeed(())
                return
            }
            hasAnswerBegun = true
            if isOldVersion { head.version = .http1_0 }
            let isLast = isLastAnswer || openRequestCount <= 1 && (asksToClose(head) || endsWithConnection(head))
            if isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
            closesWhenDone = closesWhenDone || isLast
            if isOldVersion, !closesWhenDone { head.headers.replaceOrAdd(name: "connection", value: "keep-alive") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        case .body(.byteBuffer(let buffer)) where buffer.readableBytes > Self.pieceByteCount:
            writePieces(of: buffer, context, promise)
            return
        case .body: break
        case .end:
            answerEnds(context: context, data, promise)
            return
        }
        context.write(data, promise: promise)
    }

    /// Whether whoever answers wants the connection to end.
    private func asksToClose(_ head: HTTPResponseHead) -> Bool {
        head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
    }

    /// Whether nothing but the end of the connection says where the answer ends: HTTP/1.0 has no chunks.
    private func endsWithConnection(_ head: HTTPResponseHead) -> Bool {
        isOldVersion && head.status.mayHaveResponseBody && !head.headers.contains(name: "content-length")
    }

    /// Whether the connection ends with the answer that begins now.
    private var isLastAnswer: Bool {
        guard openRequestCount <= 1 else { return false }
        if closesWhenDone || !keepsAlive || hasFailed || asksForUpgrade { return true }
        // What is left of the body would have to be read to find the next request.
        guard isReadingBody else { return false }
        guard let declaredByteCount else { return true }
        return declaredByteCount - bodyByteCount > ConnectionLimits.discardedByteCount
    }

    private func answerEnds(context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        hasAnswerBegun = false
        openRequestCount = max(0, openRequestCount - 1)
        guard openRequestCount == 0 else { return context.write(data, promise: promise) }
        idleSince = .now()
        guard closesWhenDone else {
            context.write(data, promise: promise)
            return plan()
        }
        context.write(data, promise: promise)
        end(context) { [weak self] in self?.linger() }
    }

    /// Writes a large buffer so that it is seen how the client takes it.
    private func writePieces(
        of buffer: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        var rest = buffer
        while let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceByteCount)) {
            let taken = context.eventLoop.makePromise(of: Void.self)
            taken.futureResult.assumeIsolated().whenSuccess { [weak self] in self?.tookAt = .now() }
            if rest.readableBytes == 0 { taken.futureResult.cascade(to: promise) }
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(piece))), promise: taken)
            if rest.readableBytes == 0 { return }
        }
    }

    /// Closes the connection by `close` when all that was written is on its way: what the client has not taken by then
    /// would be lost.
    private func end(_ context: ChannelHandlerContext, _ close: @escaping () -> Void) {
        guard endingSince == nil, closingSince == nil else { return }
        endingSince = .now()
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess { close() }
        flush(context, written)
        plan()
    }

    /// Completes the promise when all that was written before is on its way.
    private func flush(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        // Nothing comes of it but its turn: an empty body is written as no chunk.
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: promise)
    }

    /// Closes the way out and leaves the way in open for a moment: a connection that is closed while bytes come in is
    /// reset, and the client may lose the answer.
    private func linger() {
        guard let context, closingSince == nil else { return }
        closingSince = .now()
        context.close(mode: .output, promise: nil)
        plan()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            unwritableSince = nil
            tookAt = .now()
        } else {
            unwritableSince = .now()
        }
        plan()
        context.fireChannelWritabilityChanged()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output, closingSince == nil {
            closingSince = .now()
            plan()
        }
        context.close(mode: mode, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is Flush, !isUpgraded { return flush(context, promise) }
        guard let upgrade = event as? ConnectionUpgrade.Event else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        do {
            try perform(upgrade, context: context, promise)
        } catch {
            promise?.fail(error)
        }
    }

    /// Answers 101 and puts the other protocol's handlers where those of HTTP were.
    private func perform(
        _ upgrade: ConnectionUpgrade.Event, context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) throws {
        let pipeline = context.pipeline.syncOperations
        let gate = try pipeline.handler(type: ByteGate.self)
        context.writeAndFlush(wrapOutboundOut(.head(upgrade.head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isUpgraded = true
        closingSince = nil
        try pipeline.addHandlers(upgrade.handlers(), position: .after(gate))
        let old = try [
            pipeline.context(handlerType: HTTPResponseEncoder.self),
            pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self),
            pipeline.context(handlerType: ServerChannel.Codec.self),
        ]
        let removals = old.map { pipeline.removeHandler(context: $0) }
        EventLoopFuture.andAllSucceed(removals, on: context.eventLoop).cascade(to: promise)
    }

    // MARK: Time

    /// When the connection has to be looked at, and what is wrong then.
    private var deadline: (time: NIODeadline, end: End)? {
        if let closingSince { return (closingSince + .init(limits.lingerTimeout), .close) }
        // What waits is taken in time when something of it was a moment ago.
        if let since = endingSince ?? unwritableSince {
            return (max(since, tookAt) + .init(limits.stallTimeout), .close)
        }
        if isUpgraded || hasFailed { return nil }
        if isReadingBody {
            guard let bodyWaitBegan else { return nil }
            let earned = TimeAmount.seconds(Int64(bodyByteCount / ConnectionLimits.bodyBytesPerSecond))
            return (bodyWaitBegan + .init(limits.bodyTimeout) + earned - bodyWait, .fail(.bodyTimeout))
        }
        if openRequestCount > 0 { return nil }
        if let headBeganAt { return (headBeganAt + .init(limits.headTimeout), .fail(.headTimeout)) }
        return (max(idleSince, tookAt) + .init(limits.idleTimeout), .close)
    }

    private enum End {
        case close
        case fail(RequestFault)
    }

    /// Sets the timer; one that is set for an earlier time looks again then.
    private func plan() {
        guard let context, let (time, _) = deadline else { return }
        if let timerDeadline, timerDeadline <= time, timer != nil { return }
        timer?.cancel()
        timerDeadline = time
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { [weak self] in
            self?.timer = nil
            self?.timeIsUp()
        }
    }

    private func timeIsUp() {
        guard let context, let (time, end) = deadline else { return }
        guard time <= .now() else { return plan() }
        switch end {
        case .close: context.close(mode: .all, promise: nil)
        case .fail(let fault): fail(fault)
        }
    }

    /// Tells whoever reads requests that there will be no whole one.
    func fail(_ fault: RequestFault) {
        guard let context, !hasFailed else { return }
        hasFailed = true
        bodyWaitBegan = nil
        context.fireErrorCaught(fault)
    }
}

extension HTTPResponseStatus {
    /// An answer before the answer; 101 is none of these.
    fileprivate var isInformational: Bool { (100..<200).contains(code) && code != 101 }
}
