import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import RemoteEngines
import Roost
import RoostServer
import ServiceLifecycle

/// A real server without models of its own, in front of engines.
struct RemoteEngineGateway: Sendable {
    let manager: ModelManager
    let running: RunningServer

    /// Runs `body` with a gateway, and ends it after that.
    static func run<R: Sendable>(
        _ engines: [RemoteEngine], models: [(String, URL)] = [],
        _ body: @Sendable (RemoteEngineGateway) async throws -> R
    ) async throws -> R {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-gateway-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var roost = RoostConfiguration(homeDirectory: home)
        roost.load.threadCount = 1
        roost.engines = engines
        let manager = try await ModelManager(configuration: roost)
        for (name, file) in models { _ = try await manager.importModel(at: file, as: name) }
        var configuration = RoostServerConfiguration(manager.configuration)
        configuration.port = 0
        configuration.drainDuration = .zero
        var logger = Logger(label: "gateway")
        logger.logLevel = .critical
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
        let result: Result<R, any Error>
        do {
            var iterator = servers.makeAsyncIterator()
            guard let running = try await iterator.next() else { throw TestServerError.didNotStart }
            result = .success(try await body(RemoteEngineGateway(manager: manager, running: running)))
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        _ = try? await task.value
        await manager.shutdown()
        return try result.get()
    }

    /// Sends a request and collects the answer.
    func send(_ method: HTTPMethod, _ path: String, _ body: String? = nil) async throws -> Reply {
        try await Self.send(to: running.baseURL, method, path, body)
    }

    static func send(to base: String, _ method: HTTPMethod, _ path: String, _ body: String?) async throws -> Reply {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .minutes(5))
        let data = Data(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        return Reply(status: Int(response.status.code), headers: response.headers, body: data)
    }

    /// An engine at an address of this machine.
    static func engine(
        _ name: String, _ address: String, _ change: (inout RemoteEngine) throws -> Void = { _ in }
    ) throws -> RemoteEngine {
        var engine = RemoteEngine(name: name, address: try EngineAddress(parsing: address))
        // The machine may be busy.
        engine.connectTimeout = .seconds(60)
        engine.healthTimeout = .seconds(60)
        try change(&engine)
        return engine
    }
}
