import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A real HTTP/1.1 server on 127.0.0.1, which keeps every request it got.
public final class LoopbackServer: Sendable {
    /// The port.
    public let port: Int
    private let shape: TrafficShape
    private let received = Mutex<[SimulatedRequest]>([])
    private let sent = Mutex<Int64>(0)

    /// Answers a request.
    public typealias Answer = @Sendable (SimulatedRequest) async -> SimulatedResponse

    /// `http://127.0.0.1:port`.
    public var address: String { "http://127.0.0.1:\(port)" }
    /// `127.0.0.1:port`.
    public var place: String { "127.0.0.1:\(port)" }
    /// All requests, in order of arrival.
    public var requests: [SimulatedRequest] { received.withLock { $0 } }
    /// Waits until there were so many requests; false after a minute.
    public func hasReceived(_ count: Int) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while requests.count < count {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    /// Bytes of bodies that went out, or were about to when the client left.
    public var sentByteCount: Int64 { sent.withLock { $0 } }

    private init(port: Int, shape: TrafficShape) {
        self.port = port
        self.shape = shape
    }

    /// Runs `body` with a server, and ends the server after that.
    ///
    /// - Parameter port: 0 for a free one.
    public static func run<Result: Sendable>(
        port: Int = 0, shape: TrafficShape = TrafficShape(), _ answer: @escaping Answer,
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // An asynchronous channel that is made but never used ends the process, and the test may end while
            // connections wait: they become asynchronous only where they are served.
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(FileParts())
                    return channel
                }
            }
        guard let port = channel.channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        let server = LoopbackServer(port: port, shape: shape)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await channel.executeThenClose { connections in
                    await withDiscardingTaskGroup { inner in
                        do {
                            for try await connection in connections {
                                inner.addTask { try? await server.serve(connection, answer) }
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

    /// Throws when the client goes away in the middle, which is no failure of the server.
    private func serve(_ channel: any Channel, _ answer: Answer) async throws {
        let connection = try await channel.eventLoop.submit {
            try NIOAsyncChannel<HTTPServerRequestPart, SimulatedPart>(wrappingChannelSynchronously: channel)
        }.get()
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
        try await connection.executeThenClose { inbound, outbound in
            var sender = ShapedSender(shape: shape, outbound: outbound) { bytes in
                self.sent.withLock { $0 += bytes }
            }
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
                    if shape.latency > .zero { try await Task.sleep(for: shape.latency) }
                    let response = await answer(request)
                    if response.isDropped { return }
                    guard try await sender.send(response, isHead: current.method == .HEAD) else {
                        // Closing without waiting for what is on its way makes a reset.
                        let socket = connection.channel as? any SocketOptionProvider
                        try await socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
                        return
                    }
                    if !current.isKeepAlive || response.isLast { return }
                }
            }
        }
    }
}
