import AsyncHTTPClient
import Foundation
import Logging
import ModelFixtures
import NIOCore
import NIOHTTP1
import NIOPosix
import Roost
import RoostServer
import ServiceLifecycle

/// A real server on a free loopback port, over a store of tiny models in a folder of its own.
struct TestServer: Sendable {
    let manager: ModelManager
    let running: RunningServer
    let home: URL
    /// The server's own way to be told to end.
    let control: ServerControl
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    /// Names of the models: a base model, a chat model, and one whose answers go on for hours when it is loaded with
    /// `endlessContext`, for its memory does not depend on the context length.
    static let base = "base:latest"
    static let chat = "chat:latest"
    static let endless = "endless:latest"
    static let endlessContext = 100_000_000

    /// Runs `body` with a server, and ends it after that. `environment` is where the hubs are looked up.
    static func run<R: Sendable>(
        home: URL? = nil, contextLength: Int? = nil, environment: [String: String] = [:],
        configure: (inout RoostServerConfiguration) -> Void = { _ in },
        log: () -> ServerLog = { ServerLog(level: .critical) }, _ body: @Sendable (TestServer) async throws -> R
    ) async throws -> R {
        let home = home ?? FileManager.default.temporaryDirectory.appending(path: "roost-server-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var roost = RoostConfiguration(homeDirectory: home)
        // Many servers run at once here: threads of one engine that wait for each other would hold up all.
        roost.load.threadCount = 1
        roost.load.contextLength = contextLength
        roost.environment = ["HOME": home.path].merging(environment) { $1 }
        let manager = try await ModelManager(configuration: roost)
        try await importModels(into: manager, from: home)
        var configuration = RoostServerConfiguration(manager.configuration)
        configuration.port = 0
        configuration.drainDuration = .zero
        configure(&configuration)
        let logger = log().logger(label: "test")
        let (servers, sink) = AsyncThrowingStream<RunningServer, any Error>.makeStream()
        let service = RoostService(manager: manager, configuration: configuration, logger: logger) { sink.yield($0) }
        let group = ServiceGroup(services: [service], logger: logger)
        let task = Task {
            do {
                try await group.run()
                sink.finish()
            } catch {
                sink.finish(throwing: error)
                throw error
            }
        }
        var iterator = servers.makeAsyncIterator()
        guard let running = try await iterator.next() else { throw TestServerError.didNotStart }
        let server = TestServer(
            manager: manager, running: running, home: home, control: service.control, group: group, task: task)
        do {
            let result = try await body(server)
            await group.triggerGracefulShutdown()
            if !task.isCancelled { try await task.value }
            await manager.shutdown()
            return result
        } catch {
            await group.triggerGracefulShutdown()
            _ = try? await task.value
            await manager.shutdown()
            throw error
        }
    }

    private static func importModels(into manager: ModelManager, from home: URL) async throws {
        let models = [
            (base, TinyModel.llama(contextLength: 512)),
            (chat, TinyModel.llama(chatTemplate: TinyModel.chatML, contextLength: 512, seed: 11)),
            (endless, TinyModel.mamba(chatTemplate: TinyModel.chatML, contextLength: UInt32(endlessContext))),
        ]
        for (name, model) in models {
            let file = home.appending(path: "\(name.prefix(4)).gguf")
            try model.write(to: file)
            _ = try await manager.importModel(at: file, as: name)
        }
    }

    /// Asks the server to shut down, without waiting.
    func triggerShutdown() async { await group.triggerGracefulShutdown() }

    /// Ends the server the hard way.
    func cancel() { task.cancel() }

    /// Returns when the server has ended, in whatever way.
    func waitForEnd() async throws { _ = await task.result }

    // MARK: Requests

    /// Sends a request and collects the answer.
    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Reply {
        let response = try await open(method, path, body, headers: headers)
        let data = Data(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        return Reply(status: Int(response.status.code), headers: response.headers, body: data)
    }

    /// Sends bytes and collects the answer.
    func send(_ method: HTTPMethod, _ path: String, bytes: [UInt8]) async throws -> Reply {
        var request = HTTPClientRequest(url: running.baseURL + path)
        request.method = method
        request.body = .bytes(ByteBuffer(bytes: bytes))
        let response = try await HTTPClient.shared.execute(request, timeout: .minutes(5))
        let data = Data(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        return Reply(status: Int(response.status.code), headers: response.headers, body: data)
    }

    /// Sends a request; the body comes as it is read.
    func open(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: running.baseURL + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        return try await HTTPClient.shared.execute(request, timeout: .minutes(5))
    }

    /// Writes `text` to a connection and reads until the server closes it.
    func raw(_ text: String) async throws -> String {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: running.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var reply = ""
            for try await part in inbound { reply += String(buffer: part) }
            return reply
        }
    }

    /// Requests that some model computes or queues now.
    func activeRequestCount() async throws -> Int {
        try await manager.loadedModels().reduce(0) { $0 + $1.activeRequestCount + $1.queuedRequestCount }
    }
}

/// A whole answer.
struct Reply {
    let status: Int
    let headers: HTTPHeaders
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a JSON object.
    var json: JSONObject { get throws { try JSONObject(body) } }

    /// The body's lines as JSON objects.
    var lines: [JSONObject] {
        get throws { try text.split(separator: "\n").map { try JSONObject(Data($0.utf8)) } }
    }

    /// The data of server-sent events.
    var events: [String] {
        text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { String($0.dropFirst("data: ".count)) }
    }
}

/// A JSON object whose fields are looked up by paths such as `choices.0.message.content`.
struct JSONObject {
    private let fields: [String: Any]

    init(_ data: Data) throws {
        guard let fields = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw TestServerError.notAnObject(String(decoding: data, as: UTF8.self))
        }
        self.fields = fields
    }

    subscript(path: String) -> Any? {
        path.split(separator: ".").reduce(fields as Any?) { value, key in
            if let index = Int(key) {
                let array = value as? [Any]
                return array.flatMap { index < $0.count ? $0[index] : nil }
            }
            return (value as? [String: Any])?[String(key)]
        }
    }

    func string(_ path: String) -> String? { self[path] as? String }
    func int(_ path: String) -> Int? { (self[path] as? NSNumber)?.intValue }
    func bool(_ path: String) -> Bool? { self[path] as? Bool }
    func isNull(_ path: String) -> Bool { self[path] is NSNull }
    func count(_ path: String) -> Int? { (self[path] as? [Any])?.count }
    var keys: Set<String> { Set(fields.keys) }
}

enum TestServerError: Error {
    case didNotStart
    case notAnObject(String)
}
