import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A proxy on loopback that opens tunnels, all of them to one port of this machine whatever name is asked for.
public final class FaultProxy: Sendable {
    /// The port that the system chose.
    public let port: Int
    private let log: Log
    private let task: Task<Void, any Error>

    private final class Log: Sendable {
        let requests = Mutex<[FaultRequest]>([])
        let channels = Mutex<[any Channel]>([])
    }

    private init(port: Int, log: Log, task: Task<Void, any Error>) {
        self.port = port
        self.log = log
        self.task = task
    }

    /// Listens on a port that the system chooses.
    /// - Parameters:
    ///   - target: Where every tunnel leads, on this machine.
    ///   - authorization: What `Proxy-Authorization` must be; `nil` lets everyone in.
    public static func start(target: Int, authorization: String? = nil) async throws -> FaultProxy {
        let log = Log()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0) { channel in
                log.channels.withLock { $0.append(channel) }
                return channel.eventLoop.makeSucceededFuture(channel)
            }
        let port = server.channel.localAddress?.port ?? 0
        let task = Task {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await channel in connections {
                        // A tunnel that breaks is the client's doing, or the server's behind it.
                        group.addTask { try? await serve(channel, target, authorization, log) }
                    }
                }
            }
        }
        return FaultProxy(port: port, log: log, task: task)
    }

    /// Every request for a tunnel so far.
    public var requests: [FaultRequest] { log.requests.withLock { $0 } }

    /// Closes every tunnel. Returns when that is done.
    public func stop() async {
        task.cancel()
        _ = await task.result
        for channel in log.channels.withLock({ $0 }) { try? await channel.close() }
    }

    private static func serve(_ channel: any Channel, _ target: Int, _ authorization: String?, _ log: Log) async throws
    {
        let connection = try await channel.eventLoop.submit {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }.get()
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
        try await connection.executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            var received: [UInt8] = []
            while received.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
                guard let buffer = try await iterator.next() else { return }
                received += buffer.readableBytesView
            }
            let head = String(decoding: received.dropLast(4), as: UTF8.self)
            let request = log.requests.withLock { requests -> FaultRequest? in
                let request = FaultRequest(head: head, number: requests.count, connection: 0)
                if let request { requests.append(request) }
                return request
            }
            guard let request, request.method == "CONNECT" else { return }
            guard authorization == nil || request.header("proxy-authorization") == authorization else {
                let answer = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
                return try await outbound.write(ByteBuffer(string: answer))
            }
            let far = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: target) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            try await far.executeThenClose { farInbound, farOutbound in
                try await outbound.write(ByteBuffer(string: "HTTP/1.1 200 Tunnel\r\n\r\n"))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await buffer in farInbound { try await outbound.write(buffer) }
                    }
                    while let buffer = try await iterator.next() { try await farOutbound.write(buffer) }
                    group.cancelAll()
                }
            }
        }
    }
}
