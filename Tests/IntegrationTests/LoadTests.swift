import AsyncHTTPClient
import Foundation
import ModelFixtures
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

/// Many clients of one `roost serve`: what they cost, and that each is served.
@Suite(.serialized) struct LoadTests {
    private let folder = TemporaryHome()
    /// What an idle WebSocket may take of the server's memory, with everything that a connection is made of.
    private static let socketByteCount = 48 << 10
    /// What a request that is served or waits may take.
    private static let requestByteCount = 512 << 10

    @Test func `a thousand idle WebSockets and two hundred requests at once are served in bounded memory`() async throws
    {
        try await folder.importTinyModel()
        let server = try ServedProgram(home: folder.url)
        defer { server.kill() }
        let address = try #require(URLComponents(string: try await server.start()))
        let (host, port) = (try #require(address.host), try #require(address.port))
        // The model is loaded and every part of the server was used once before memory is looked at.
        try await Self.complete(200, at: "http://\(host):\(port)")
        let before: Int = try Self.residentByteCount(of: server.processIdentifier)

        let sockets = try await Self.openSockets(1000, host: host, port: port)
        let withSockets: Int = try Self.residentByteCount(of: server.processIdentifier)
        #expect(withSockets - before <= 1000 * Self.socketByteCount, "\((withSockets - before) / 1000) bytes a socket")

        try await Self.complete(200, at: "http://\(host):\(port)")
        let withRequests: Int = try Self.residentByteCount(of: server.processIdentifier)
        #expect(
            withRequests - withSockets <= 200 * Self.requestByteCount,
            "\((withRequests - withSockets) / 200) bytes a request")
        for socket in [sockets[0], sockets[499], sockets[999]] { #expect(try await socket.ping()) }
        for socket in sockets { socket.close() }
        server.terminate()
        #expect(try await server.status() == 0)
    }

    /// Sends so many requests at once and waits for all answers.
    private static func complete(_ count: Int, at address: String) async throws {
        let body = #"{"model":"tiny","prompt":"one two three","max_tokens":8,"temperature":0}"#
        let statuses = try await withThrowingTaskGroup(of: UInt.self) { group in
            for _ in 0..<count {
                group.addTask {
                    var request = HTTPClientRequest(url: address + "/v1/completions")
                    request.method = .POST
                    // Each on a connection of its own.
                    request.headers.add(name: "Connection", value: "close")
                    request.body = .bytes(ByteBuffer(string: body))
                    let response = try await client.execute(request, timeout: .minutes(5))
                    _ = try await response.body.collect(upTo: 1 << 20)
                    return response.status.code
                }
            }
            return try await group.reduce(into: [UInt]()) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 200 }.count == count, "\(Set(statuses))")
    }

    /// As many connections as are wanted; the shared client has eight to a host.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1000
        return HTTPClient(configuration: configuration)
    }()

    private static func openSockets(_ count: Int, host: String, port: Int) async throws -> [IdleSocket] {
        var sockets: [IdleSocket] = []
        // In groups: a listener's queue of connections that were not accepted yet is short on some systems.
        while sockets.count < count {
            sockets += try await withThrowingTaskGroup(of: IdleSocket.self) { group in
                for _ in 0..<min(100, count - sockets.count) {
                    group.addTask { try await IdleSocket.open(host: host, port: port) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        return sockets
    }

    /// Resident memory of a process, in bytes.
    private static func residentByteCount(of process: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1])) * 1024
    }
}

/// A WebSocket connection that says nothing by itself but that it is still there.
private final class IdleSocket: Sendable {
    private let channel: any Channel
    private let reader: FrameReader

    private init(channel: any Channel, reader: FrameReader) {
        self.channel = channel
        self.reader = reader
    }

    /// Connects and upgrades (RFC 6455, section 4.1).
    static func open(host: String, port: Int) async throws -> IdleSocket {
        let reader = FrameReader()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(reader) }
            .connect(host: host, port: port).get()
        let request = """
            GET /roost/v1/ws HTTP/1.1\r
            Host: \(host):\(port)\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r

            """
        try await channel.writeAndFlush(ByteBuffer(string: request))
        let head = try await reader.waitFor { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            return text.contains("\r\n\r\n") ? text : nil
        }
        #expect(head.hasPrefix("HTTP/1.1 101 "), "\(head.prefix(200))")
        return IdleSocket(channel: channel, reader: reader)
    }

    /// Sends a masked ping of four bytes; true when it comes back (RFC 6455, section 5.5).
    func ping() async throws -> Bool {
        let frame: [UInt8] = [0x89, 0x84, 0, 0, 0, 0] + Array("ping".utf8)
        try await channel.writeAndFlush(ByteBuffer(bytes: frame))
        let pong: [UInt8] = [0x8A, 0x04] + Array("ping".utf8)
        return try await reader.waitFor { bytes in
            bytes.indices.contains { Array(bytes[$0...].prefix(pong.count)) == pong } ? true : nil
        }
    }

    func close() { channel.close(promise: nil) }
}

/// Keeps what came and tells those that wait for something in it.
private final class FrameReader: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let (pieces, sink) = AsyncStream<[UInt8]>.makeStream()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        // The server lets go of what does not answer its pings, which are empty; so is the masked pong.
        if bytes.starts(with: [0x89, 0x00]) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [0x8A, 0x80, 0, 0, 0, 0])), promise: nil)
        }
        sink.yield(bytes)
    }

    func channelInactive(context: ChannelHandlerContext) { sink.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The first thing that `find` finds in what comes from now on. Throws when the connection ends before.
    func waitFor<Found>(_ find: ([UInt8]) -> Found?) async throws -> Found {
        var bytes: [UInt8] = []
        for await piece in pieces {
            bytes += piece
            if let found = find(bytes) { return found }
        }
        throw SocketEnded()
    }
}

private struct SocketEnded: Error {}
