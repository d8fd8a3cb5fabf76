import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP/1.1 server on loopback that does wrong, byte by byte, what a test wants done wrong.
public final class FaultServer: Sendable {
    /// Answers a request. Throwing, or closing the connection, ends the connection.
    public typealias Handler = @Sendable (FaultRequest, FaultConnection) async throws -> Void

    private struct Log {
        var requests: [FaultRequest] = []
        var connectionCount = 0
        var channels: [any Channel] = []
    }

    /// The port that the system chose.
    public let port: Int
    private let scheme: String
    private let log: SharedLog
    private let task: Task<Void, any Error>

    private final class SharedLog: Sendable {
        let value = Mutex(Log())
    }

    private init(port: Int, scheme: String, log: SharedLog, task: Task<Void, any Error>) {
        self.port = port
        self.scheme = scheme
        self.log = log
        self.task = task
    }

    deinit { task.cancel() }

    /// Listens on a port that the system chooses.
    /// - Parameter identity: Speaks TLS with this certificate.
    public static func start(
        identity: FaultIdentity? = nil, _ handler: @escaping Handler
    ) async throws -> FaultServer {
        let security = try identity?.context()
        let log = SharedLog()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            // An asynchronous channel that is made but never used ends the process, and the server may be stopped while
            // connections wait: they become asynchronous only where they are served.
            .childChannelOption(.autoRead, value: false)
            // What was sent and what arrived differ by little.
            .childChannelOption(.socketOption(.so_sndbuf), value: 64 << 10)
            .bind(host: "127.0.0.1", port: 0) { channel in
                log.value.withLock { $0.channels.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    if let security {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: security))
                    }
                    return channel
                }
            }
        let port = server.channel.localAddress?.port ?? 0
        let task = Task {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        let number = log.value.withLock { log in
                            defer { log.connectionCount += 1 }
                            return log.connectionCount
                        }
                        // What goes wrong on a connection is what the test wants, or the client's doing.
                        group.addTask { try? await serve(connection, number: number, log: log, handler) }
                    }
                }
            }
        }
        return FaultServer(port: port, scheme: identity == nil ? "http" : "https", log: log, task: task)
    }

    /// An address on this server.
    public func url(_ path: String = "/file", host: String = "127.0.0.1") -> URL {
        var components = URLComponents()
        components.scheme = scheme
        components.host = host
        components.port = port
        let parts = path.split(separator: "?", maxSplits: 1)
        components.path = String(parts[0])
        if parts.count > 1 { components.query = String(parts[1]) }
        return components.url ?? URL(fileURLWithPath: "/")
    }

    /// Every request so far.
    public var requests: [FaultRequest] { log.value.withLock { $0.requests } }

    /// Connections so far.
    public var connectionCount: Int { log.value.withLock { $0.connectionCount } }

    /// Closes every connection. Returns when that is done.
    public func stop() async {
        task.cancel()
        _ = await task.result
        for channel in log.value.withLock({ $0.channels }) { try? await channel.close() }
    }

    private static func serve(
        _ channel: any Channel, number: Int, log: SharedLog, _ handler: @escaping Handler
    ) async throws {
        let connection = try await channel.eventLoop.submit {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }.get()
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
        try await connection.executeThenClose { inbound, outbound in
            let end = FaultConnection(channel: connection.channel, outbound: outbound)
            var received: [UInt8] = []
            for try await buffer in inbound {
                received += buffer.readableBytesView
                while let boundary = received.firstRange(of: Array("\r\n\r\n".utf8)) {
                    let head = String(decoding: received[..<boundary.lowerBound], as: UTF8.self)
                    received.removeSubrange(..<boundary.upperBound)
                    let request = log.value.withLock { log -> FaultRequest? in
                        let request = FaultRequest(head: head, number: log.requests.count, connection: number)
                        if let request { log.requests.append(request) }
                        return request
                    }
                    guard let request else { return }
                    try await handler(request, end)
                }
            }
        }
    }
}
