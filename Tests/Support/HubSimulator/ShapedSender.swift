import NIOCore
import NIOHTTP1
import NIOPosix

/// A part of an answer on its way to a connection's own thread, where files are opened.
enum SimulatedPart: Sendable {
    case head(HTTPResponseHead)
    case bytes(ByteBuffer)
    case file(path: String, range: Range<Int64>)
    case end
}

/// Sends answers over one connection in the shape that was asked for.
struct ShapedSender {
    let shape: TrafficShape
    let outbound: NIOAsyncChannelOutboundWriter<SimulatedPart>
    /// Told of each part of a body that goes out.
    let count: @Sendable (Int64) -> Void
    private var sent: Int64 = 0
    private var due: ContinuousClock.Instant?

    init(
        shape: TrafficShape, outbound: NIOAsyncChannelOutboundWriter<SimulatedPart>,
        count: @escaping @Sendable (Int64) -> Void
    ) {
        self.shape = shape
        self.count = count
        self.outbound = outbound
    }

    /// Whether the answer was sent whole; `false` when the connection is to be reset.
    mutating func send(_ response: SimulatedResponse, isHead: Bool) async throws -> Bool {
        let range = response.bodyRange
        var headers = HTTPHeaders(response.headers)
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: String(range.count))
        }
        let status = HTTPResponseStatus(statusCode: response.status)
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if !isHead {
            var start = range.lowerBound
            while start < range.upperBound {
                let end = min(start + shape.partByteCount, range.upperBound)
                guard try await waitForTurn(end - start) else { return false }
                // Before the client can have it, so that the sum is never behind.
                count(end - start)
                switch response.content {
                case .bytes(let bytes):
                    try await outbound.write(.bytes(ByteBuffer(bytes: bytes[Int(start)..<Int(end)])))
                case .file(let path, _): try await outbound.write(.file(path: path, range: start..<end))
                }
                start = end
            }
        }
        // Ends with the connection's task.
        while response.isHeldOpen { try await Task.sleep(for: .seconds(3600)) }
        try await outbound.write(.end)
        return true
    }

    /// Waits until so many bytes may go; `false` when the connection's time is over.
    private mutating func waitForTurn(_ count: Int64) async throws -> Bool {
        if let resetEvery = shape.resetEvery, sent + count > resetEvery { return false }
        sent += count
        guard let rate = shape.bytesPerSecond else { return true }
        let now = ContinuousClock.now
        let start = max(due ?? now, now)
        try await Task.sleep(until: start, clock: .continuous)
        due = start + .seconds(Double(count) / Double(rate))
        return true
    }
}

/// Opens files on the connection's thread: the kernel sends them, nothing of them is read here.
final class FileParts: ChannelOutboundHandler {
    typealias OutboundIn = SimulatedPart
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .bytes(let buffer): context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: promise)
        case .end: context.write(wrapOutboundOut(.end(nil)), promise: promise)
        case .file(let path, let range):
            do {
                let handle = try NIOFileHandle(_deprecatedPath: path)
                let region = FileRegion(
                    fileHandle: handle, readerIndex: Int(range.lowerBound), endIndex: Int(range.upperBound))
                let sent = promise ?? context.eventLoop.makePromise()
                sent.futureResult.assumeIsolated().whenComplete { _ in try? handle.close() }
                context.write(wrapOutboundOut(.body(.fileRegion(region))), promise: sent)
            } catch {
                promise?.fail(error)
                context.close(promise: nil)
            }
        }
    }
}
