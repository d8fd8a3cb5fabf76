import NIOCore
import NIOHTTP1

/// One connection: answers requests for the file, as late as the settings say.
///
/// The paths are `/file` and what `hf download` asks of a hub for one file,
/// `/{owner}/{name}/resolve/{revision}/{path}`.
final class FileHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let commit = String(repeating: "0123456789", count: 4)

    private let settings: ServerSettings
    private let statistics: Statistics
    private let sender: ContentSender
    private var request: HTTPRequestHead?

    init(settings: ServerSettings, statistics: Statistics, budget: ResetBudget) {
        self.settings = settings
        self.statistics = statistics
        sender = ContentSender(settings: settings, statistics: statistics, budget: budget)
    }

    func channelActive(context: ChannelHandlerContext) { statistics.connected() }

    func channelInactive(context: ChannelHandlerContext) { sender.close() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): request = head
        case .body: break
        case .end:
            guard let head = request else { return }
            request = nil
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let parts = head.uri.prefix { $0 != "?" }.split(separator: "/")
        let isFile = parts == ["file"] || parts.count >= 5 && parts[2] == "resolve"
        guard isFile, head.method == .GET || head.method == .HEAD else {
            return finish(.notFound, ["Content-Length": "0"], head, context)
        }
        statistics.requested()
        if settings.delay == .zero { return serve(head, context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: self.settings.delay) { self.serve(head, context) }
    }

    private func serve(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        var headers: HTTPHeaders = [
            "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", "ETag": "\"\(settings.digest)\"",
            "X-Repo-Commit": Self.commit, "X-Linked-Etag": "\"\(settings.digest)\"",
            "X-Linked-Size": "\(settings.byteCount)",
        ]
        let total = settings.byteCount
        var part: Range<Int64>
        var status = HTTPResponseStatus.ok
        switch RequestedRange(header: head.headers.first(name: "range"), byteCount: total) {
        case .all: part = 0..<total
        case .part(let asked):
            part = asked
            status = .partialContent
            headers.add(name: "Content-Range", value: "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(total)")
        case .unsatisfiable:
            headers.add(name: "Content-Range", value: "bytes */\(total)")
            part = 0..<0
            status = .rangeNotSatisfiable
        }
        headers.add(name: "Content-Length", value: "\(part.upperBound - part.lowerBound)")
        if head.method == .HEAD || part.isEmpty { return finish(status, headers, head, context) }
        write(status, headers, head, context)
        sender.send(part, context) {
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func write(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let head = HTTPResponseHead(version: request.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func finish(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        write(status, headers, request, context)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
