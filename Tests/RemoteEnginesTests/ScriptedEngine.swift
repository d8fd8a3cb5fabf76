import Foundation
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A request that a scripted engine got.
struct ScriptedRequest: Sendable {
    let method: String
    let path: String
    /// Names in lower case.
    let headers: [String: String]
    let body: String

    /// The body as JSON.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
    }
}

/// One connection of a scripted engine: writes bytes as it is told.
struct ScriptedConnection: Sendable {
    let channel: any Channel
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Writes text as it is.
    func write(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// Writes bytes as they are.
    func write(_ bytes: some Collection<UInt8> & Sendable) async throws {
        try await outbound.write(ByteBuffer(bytes: bytes))
    }

    /// A whole answer; the connection stays.
    func answer(
        _ status: Int = 200, _ body: String, type: String = "application/json", headers: [String: String] = [:]
    ) async throws {
        let more = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        try await write(
            "HTTP/1.1 \(status) Status\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n\(more)\r\n"
                + body)
    }

    /// The head of a stream that ends with the connection.
    func beginStream() async throws {
        try await write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    }

    /// One event.
    func event(_ json: String) async throws { try await write("data: \(json)\n\n") }

    /// More text of the first choice.
    func text(_ text: String) async throws {
        try await event(#"{"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#)
    }

    /// The end of a stream of one choice.
    func done(promptTokens: Int = 3, completionTokens: Int = 2) async throws {
        try await event(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
        try await event(
            #"{"choices":[],"usage":{"prompt_tokens":\#(promptTokens),"completion_tokens":\#(completionTokens)}}"#)
        try await event("[DONE]")
    }

    /// Ends the connection with a reset.
    func reset() async throws {
        let socket = channel as? any SocketOptionProvider
        try await socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    /// Returns when the other side is gone.
    func waitForEnd() async { try? await channel.closeFuture.get() }
}

/// An HTTP/1.1 server on loopback that answers as a test wants.
final class ScriptedEngine: Sendable {
    /// Answers a request; returning from a stream's ends the connection.
    typealias Handler = @Sendable (ScriptedRequest, ScriptedConnection) async throws -> Void

    let port: Int
    private let received = Mutex<[ScriptedRequest]>([])

    var address: String { "http://127.0.0.1:\(port)" }
    var requests: [ScriptedRequest] { received.withLock { $0 } }
    /// Those that asked for an answer, not for models or health.
    var posts: [ScriptedRequest] { requests.filter { $0.method == "POST" } }

    private init(port: Int) { self.port = port }

    /// Runs `body` with an engine that has `models` and answers what is posted by `handler`.
    static func run<Result: Sendable>(
        models: [String] = ["m"], owner: String = "test", server: String = "scripted",
        _ handler: @escaping Handler, _ body: (ScriptedEngine) async throws -> Result
    ) async throws -> Result {
        let list = models.map { #"{"id":"\#($0)","object":"model","owned_by":"\#(owner)"}"# }.joined(separator: ",")
        return try await run(
            raw: { request, connection in
                switch (request.method, request.path) {
                case ("GET", "/v1/models"):
                    try await connection.answer(
                        200, #"{"object":"list","data":[\#(list)]}"#, headers: ["server": server])
                case ("GET", "/health"): try await connection.answer(200, "{}")
                case ("GET", "/api/tags"):
                    let tags = models.map { #"{"name":"\#($0)","size":5}"# }.joined(separator: ",")
                    try await connection.answer(200, #"{"models":[\#(tags)]}"#)
                case ("GET", _): try await connection.answer(404, "{}")
                default: try await handler(request, connection)
                }
            }, body)
    }

    /// Runs `body` with an engine that answers everything by `handler`.
    static func run<Result: Sendable>(
        raw handler: @escaping Handler, _ body: (ScriptedEngine) async throws -> Result
    ) async throws -> Result {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // An asynchronous channel that is made but never used ends the process: they become so when they are served.
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0) { channel in channel.eventLoop.makeSucceededFuture(channel) }
        let engine = ScriptedEngine(port: listener.channel.localAddress?.port ?? 0)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.executeThenClose { connections in
                    await withDiscardingTaskGroup { inner in
                        do {
                            for try await connection in connections {
                                inner.addTask { try? await engine.serve(connection, handler) }
                            }
                        } catch {
                            // The listener is closed when the test ends.
                        }
                        inner.cancelAll()
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(engine)
        }
    }

    private func serve(_ channel: any Channel, _ handler: Handler) async throws {
        let connection = try await channel.eventLoop.submit {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }.get()
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
        try await connection.executeThenClose { inbound, outbound in
            let end = ScriptedConnection(channel: channel, outbound: outbound)
            var bytes: [UInt8] = []
            for try await buffer in inbound {
                bytes += buffer.readableBytesView
                while let request = Self.request(from: &bytes) {
                    received.withLock { $0.append(request) }
                    try await handler(request, end)
                    if request.method == "POST", request.headers["accept"] == "text/event-stream" { return }
                }
            }
        }
    }

    private static func request(from bytes: inout [UInt8]) -> ScriptedRequest? {
        guard let boundary = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<boundary.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let count = headers["content-length"].flatMap { Int($0) } ?? 0
        guard words.count > 1, bytes.count >= boundary.upperBound + count else { return nil }
        let body = bytes[boundary.upperBound..<(boundary.upperBound + count)]
        let request = ScriptedRequest(
            method: words[0], path: words[1], headers: headers, body: String(decoding: body, as: UTF8.self))
        bytes.removeSubrange(..<(boundary.upperBound + count))
        return request
    }
}
