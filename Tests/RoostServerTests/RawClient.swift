import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// A connection that a test writes bytes to as it likes.
final class RawClient: Sendable {
    private let channel: any Channel
    private let received: NIOLoopBound<Received>

    /// Lives on the channel's event loop.
    private final class Received {
        var text = ""
        var isClosed = false
        var waiters: [(condition: (String, Bool) -> Bool, promise: EventLoopPromise<String>)] = []

        func wake() {
            waiters.removeAll { waiter in
                guard isClosed || waiter.condition(text, isClosed) else { return false }
                waiter.promise.succeed(text)
                return true
            }
        }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let received: NIOLoopBound<Received>

        init(_ received: NIOLoopBound<Received>) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.value.text += String(buffer: unwrapInboundIn(data))
            received.value.wake()
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.value.isClosed = true
            received.value.wake()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private init(channel: any Channel, received: NIOLoopBound<Received>) {
        self.channel = channel
        self.received = received
    }

    /// Connects to a port of this machine; `reads` false leaves what the server sends in the kernel's buffers.
    static func connect(port: Int, reads: Bool = true, tls: NIOSSLContext? = nil) async throws -> RawClient {
        try await connect(reads: reads, tls: tls) { try await $0.connect(host: "127.0.0.1", port: port).get() }
    }

    /// Connects to a Unix socket.
    static func connect(socket: String) async throws -> RawClient {
        try await connect(reads: true, tls: nil) { try await $0.connect(unixDomainSocketPath: socket).get() }
    }

    private static func connect(
        reads: Bool, tls: NIOSSLContext?, _ connect: (ClientBootstrap) async throws -> any Channel
    ) async throws -> RawClient {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let received = try await loop.submit { NIOLoopBound(Received(), eventLoop: loop) }.get()
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: reads)
            .channelOption(.socketOption(.so_rcvbuf), value: reads ? 1 << 18 : 1 << 12)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            try NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(Collector(received))
                }
            }
        return RawClient(channel: try await connect(bootstrap), received: received)
    }

    /// Sends bytes.
    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// Sends bytes that need not be text.
    func send(_ bytes: [UInt8]) async throws {
        // The server may have closed by then.
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Takes some of what has come, of a connection that does not read by itself.
    func read() { channel.read() }

    /// Reads from now on.
    func startReading() async throws {
        try await channel.setOption(.socketOption(.so_rcvbuf), value: 1 << 18).get()
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// Says that no more comes.
    func finish() async { try? await channel.close(mode: .output).get() }

    /// What has come when `condition` is true of it, or when the connection is closed.
    func text(until condition: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await wait { text, _ in condition(text) }
    }

    /// All that comes until the server closes the connection.
    func textToEnd() async throws -> String { try await wait { _, isClosed in isClosed } }

    private func wait(_ condition: @escaping @Sendable (String, Bool) -> Bool) async throws -> String {
        let received = received
        return try await channel.eventLoop.flatSubmit { [loop = channel.eventLoop] in
            let promise = loop.makePromise(of: String.self)
            received.value.waiters.append((condition, promise))
            received.value.wake()
            return promise.futureResult
        }.get()
    }

    /// Whether the server has closed the connection.
    var isClosed: Bool {
        get async throws { try await channel.eventLoop.submit { [received] in received.value.isClosed }.get() }
    }

    /// Closes it.
    func close() async { try? await channel.close().get() }
}
