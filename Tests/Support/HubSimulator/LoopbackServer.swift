import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real HTTP/1.1 server on a free port of 127.0.0.1, which keeps every request it got.
public final class LoopbackServer: Sendable {
    /// The port.
    public let port: Int
    private let received = Mutex<[SimulatedRequest]>([])

    /// Answers a request.
    public typealias Answer = @Sendable (SimulatedRequest) async -> SimulatedResponse

    /// `http://127.0.0.1:port`.
    public var address: String { "http://127.0.0.1:\(port)" }
    /// `127.0.0.1:port`.
    public var place: String { "127.0.0.1:\(port)" }
    /// All requests, in order of arrival.
    public var requests: [SimulatedRequest] { received.withLock { $0 } }

    private init(port: Int) { self.port = port }

    /// Runs `body` with a server, and ends the server after that.
    public static func run<Result: Sendable>(
        _ answer: @escaping Answer, _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ByteBufferParts())
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        guard let port = channel.channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        let server = LoopbackServer(port: port)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await channel.executeThenClose { connections in
                    await withDiscardingTaskGroup { inner in
                        do {
                            for try await connection in connections {
                                inner.addTask { await server.serve(connection, answer) }
                            }
                        } catch {
                            // The listener is closed when the test ends.
                        }
                        inner.cancelAll()
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(server)
        }
    }

    private typealias ResponsePart = HTTPPart<HTTPResponseHead, ByteBuffer>
    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>

    private func serve(_ connection: Connection, _ answer: Answer) async {
        // A client that goes away in the middle is no failure of the server.
        try? await connection.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            for try await part in inbound {
                switch part {
                case .head(let newHead): head = newHead
                case .body: break
                case .end:
                    guard let current = head else { return }
                    let request = SimulatedRequest(
                        method: current.method, uri: current.uri, headers: current.headers)
                    received.withLock { $0.append(request) }
                    let response = await answer(request)
                    if response.isDropped { return }
                    try await write(response, to: outbound, isHead: current.method == .HEAD)
                    if !current.isKeepAlive { return }
                }
            }
        }
    }

    private func write(
        _ response: SimulatedResponse, to outbound: NIOAsyncChannelOutboundWriter<ResponsePart>, isHead: Bool
    ) async throws {
        var headers = HTTPHeaders(response.headers)
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: String(response.body.count))
        }
        let status = HTTPResponseStatus(statusCode: response.status)
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if !isHead { try await outbound.write(.body(ByteBuffer(bytes: response.body))) }
        try await outbound.write(.end(nil))
    }
}

/// NIO's encoder takes `IOData`, which may not cross threads; buffers may.
private final class ByteBufferParts: ChannelOutboundHandler {
    typealias OutboundIn = HTTPPart<HTTPResponseHead, ByteBuffer>
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
