import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sends parts of the file on one connection: from the page cache by `sendfile`, at the connection's rate, and up to
/// the byte after which the connection is reset. Used on the connection's event loop only.
final class ContentSender {
    /// What a connection with a rate sends at once.
    private static let pacedByteCount: Int64 = 256 << 10
    /// What one without sends at once: what a client that goes away has not taken is not counted as sent.
    private static let unpacedByteCount: Int64 = 1 << 20
    /// A connection that was kept from sending catches up no more than this.
    private static let catchUp = TimeAmount.milliseconds(100)

    private let settings: ServerSettings
    private let statistics: Statistics
    private let budget: ResetBudget
    private var file: NIOFileHandle?
    private var part: Range<Int64> = 0..<0
    private var due = NIODeadline.uptimeNanoseconds(0)
    private var done: () -> Void = {}

    init(settings: ServerSettings, statistics: Statistics, budget: ResetBudget) {
        self.settings = settings
        self.statistics = statistics
        self.budget = budget
    }

    /// Sends the bytes of a part that is not empty; calls back when the last one is with the system.
    func send(_ part: Range<Int64>, _ context: ChannelHandlerContext, done: @escaping () -> Void) {
        self.part = part
        self.done = done
        due = .now()
        next(context)
    }

    func close() {
        try? file?.close()
        file = nil
        done = {}
    }

    private func next(_ context: ChannelHandlerContext) {
        guard context.channel.isActive, let file = try? file ?? NIOFileHandle(_deprecatedPath: settings.file) else {
            return context.close(promise: nil)
        }
        self.file = file
        let count = settings.bytesPerSecond == nil ? Self.unpacedByteCount : Self.pacedByteCount
        let (allowed, resets) = budget.take(min(count, part.upperBound - part.lowerBound))
        let region = FileRegion(
            fileHandle: file, readerIndex: Int(part.lowerBound), endIndex: Int(part.lowerBound + allowed))
        part = (part.lowerBound + allowed)..<part.upperBound
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(
            NIOAny(HTTPServerResponsePart.body(.fileRegion(region))), promise: written)
        written.futureResult.assumeIsolated().whenComplete { result in
            guard case .success = result else { return context.close(promise: nil) }
            self.statistics.sent(allowed)
            if resets { return self.reset(context) }
            if self.part.isEmpty { return self.done() }
            self.pace(allowed, context)
        }
    }

    private func pace(_ byteCount: Int64, _ context: ChannelHandlerContext) {
        guard let rate = settings.bytesPerSecond else { return next(context) }
        due = max(due, .now() - Self.catchUp) + .nanoseconds(Int64(Double(byteCount) / rate * 1e9))
        context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.next(context) }
    }

    /// Closing with a linger time of zero sends RST and drops what the system has not sent yet.
    private func reset(_ context: ChannelHandlerContext) {
        statistics.reset()
        guard let options = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
