import AsyncHTTPClient
import Foundation
import HubSimulator
import ModelFixtures
import ModelStore
import NIOCore
import NIOHTTP1
import Testing
import Waiting

/// The end of `roost serve` and its settings while it runs, as an operating system and a person see them.
@Suite(.serialized) final class DrainProgramTests: Sendable {
    private let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        .appending(path: "roost-drain-\(UUID().uuidString)")
    private var home: URL { folder.appending(path: "home") }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A store with a model whose answers go on for as long as is asked, and one to pull.
    private func prepare() async throws {
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        let store = try await ModelStore(root: home)
        let file = folder.appending(path: "endless.gguf")
        try TinyModel.mamba(chatTemplate: TinyModel.chatML, contextLength: 100_000_000).write(to: file)
        _ = try await store.importFile(at: file, as: ModelName(parsing: "endless"))
        let place = folder.appending(path: "repositories/maker/tiny-GGUF")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try TinyModel.llama(chatTemplate: TinyModel.chatML).write(to: place.appending(path: "tiny-Q8_0.gguf"))
    }

    private static let environment = [
        "ROOST_CONTEXT_LENGTH": "100000000", "ROOST_NUM_THREADS": "1", "ROOST_PARALLEL_REQUESTS": "4",
    ]

    /// As many connections as are wanted; the shared client has eight to a host.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 100
        return HTTPClient(configuration: configuration)
    }()

    private static func send(
        _ method: HTTPMethod, _ address: String, _ body: String? = nil
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address)
        request.method = method
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        return try await client.execute(request, timeout: .minutes(15))
    }

    private static func text(_ response: HTTPClientResponse) async throws -> String {
        String(buffer: try await response.body.collect(upTo: 256 << 20))
    }

    /// The sum of a server's metrics whose lines begin like this.
    private static func sum(_ prefix: String, _ address: String) async throws -> Int {
        try await text(try await send(.GET, address + "/metrics")).split(separator: "\n")
            .filter { $0.hasPrefix(prefix) }.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
            .reduce(0) { $0 + Int($1) }
    }

    /// Generations that a server has begun: those that have ended before, as those that run or wait may end meanwhile.
    private static func begunCount(_ address: String) async throws -> Int {
        let endedCount = try await sum("roost_generations_total{", address)
        return endedCount + (try await sum("roost_generations_active ", address))
    }

    /// Asks twice. Signals of one kind that wait together are one, so the second is sent when the first was taken: no
    /// connection is accepted then.
    private static func endAtOnce(_ server: ServedProgram, _ address: String) async throws {
        server.terminate()
        while let response = try? await send(.GET, address + "/health"), response.status == .ok {
            _ = try await text(response)
        }
        server.terminate()
    }

    @Test(.timeLimit(.minutes(15)))
    func `under load each stream ends whole, and the next server serves at once and goes on with a download`()
        async throws
    {
        try await prepare()
        var settings = HubServer.Settings()
        settings.repositories = folder.path + "/repositories"
        settings.hasStorage = true
        settings.shape.bytesPerSecond = 15_000
        try await HubServer.run(settings) { hub in
            var environment = Self.environment
            environment.merge(
                ["ROOST_OFFLINE": "0", "HF_ENDPOINT": hub.hub.address, "ROOST_OLLAMA_REGISTRY": hub.hub.address]) { $1 }
            let server = try ServedProgram(home: home, environment: environment, arguments: ["--drain", "2s"])
            defer { server.kill() }
            let address = try await server.start()
            let requests = (0..<12).map { number in
                // Some end within the time, some never would.
                let count = number % 3 == 0 ? 20 : -1
                return number % 2 == 0
                    ? ("/api/generate", #"{"model":"endless","prompt":"a","options":{"num_predict":\#(count)}}"#)
                    : (
                        "/v1/chat/completions",
                        #"{"model":"endless","stream":true,"ignore_eos":true,"max_tokens":\#(count < 0 ? 90_000_000 : count),"#
                            + #""messages":[{"role":"user","content":"a"}]}"#
                    )
            }
            let endings = try await withThrowingTaskGroup(of: (String, String).self) { group in
                for (path, body) in requests {
                    group.addTask {
                        let response = try await Self.send(.POST, address + path, body)
                        // Its turn may come only when the end has begun.
                        guard response.status == .ok else {
                            #expect(response.status == .serviceUnavailable)
                            return ("status", try await Self.text(response))
                        }
                        return (path, try await Self.text(response))
                    }
                }
                group.addTask {
                    // Each of them has begun or waits: none is on its way yet. Of the model some has come, not all.
                    while try await Self.begunCount(address) < 12 { try await Task.sleep(for: .milliseconds(20)) }
                    let pull = try await Self.send(.POST, address + "/api/pull", #"{"model":"maker/tiny-GGUF"}"#)
                    while try await Self.sum("roost_download_completed_bytes ", address) == 0 {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    server.terminate()
                    return ("/api/pull", try await Self.text(pull))
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try await server.status() == 0)
            #expect(endings.count == 13)
            for (path, text) in endings {
                switch path {
                case "/api/generate", "/api/pull":
                    let last = try #require(text.split(separator: "\n").last)
                    #expect(text.hasSuffix("\n"))
                    #expect(last.contains(#""done":true"#) || last.contains(#""error":"#), "\(path): \(last)")
                case "/v1/chat/completions":
                    #expect(text.hasSuffix("data: [DONE]\n\n"), "\(text.suffix(300))")
                    #expect(text.contains(#""finish_reason":"length""#) || text.contains("shutting down"))
                case "status": #expect(text.contains("shutting down"), "\(text)")
                default: break
                }
            }
            let roost = try BuiltProgram(home: home)
            #expect(try await roost.run("verify", "--all").status == 0)
            let left = try await roost.run("downloads").output
            #expect(left.contains("maker/tiny-GGUF") && left.contains("interrupted"), "\(left)")

            let port = try #require(address.split(separator: ":").last.map(String.init))
            let next = try ServedProgram(home: home, environment: environment, port: port)
            defer { next.kill() }
            #expect(try await next.start() == address)
            let tags = try await Self.text(try await Self.send(.GET, address + "/api/tags"))
            #expect(tags.contains("endless:latest"))
            // What was interrupted goes on by itself.
            while try await !Self.text(try await Self.send(.GET, address + "/api/tags")).contains("tiny-GGUF") {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await roost.run("verify", "--all").status == 0)
            // Its ticket goes a moment after the model is there.
            #expect(try await eventually { try await roost.run("downloads", "--quiet").output == "" })
            next.terminate()
            #expect(try await next.status() == 0)
        }
    }

    @Test(.timeLimit(.minutes(15)))
    func `a second signal ends the server at once, in order`() async throws {
        try await prepare()
        let server = try ServedProgram(home: home, environment: Self.environment, arguments: ["--drain", "10m"])
        defer { server.kill() }
        let address = try await server.start()
        let response = try await Self.send(
            .POST, address + "/api/generate", #"{"model":"endless","prompt":"a","options":{"num_predict":-1}}"#)
        var text = ""
        for try await part in response.body {
            if text.isEmpty {
                try await Self.endAtOnce(server, address)
            }
            text += String(buffer: part)
        }
        #expect(text.split(separator: "\n").last?.contains("shutting down") == true, "\(text.suffix(300))")
        #expect(try await server.status() == 0)
    }

    @Test(.timeLimit(.minutes(15)))
    func `settings are read again while an answer is streamed, and a broken file changes nothing`() async throws {
        try await prepare()
        let file = home.appending(path: "config.toml")
        try Data("keep_alive = \"5m\"\n".utf8).write(to: file)
        let server = try ServedProgram(home: home, environment: Self.environment)
        defer { server.kill() }
        let address = try await server.start()
        let roost = try BuiltProgram(home: home)
        let response = try await Self.send(
            .POST, address + "/api/generate", #"{"model":"endless","prompt":"a","options":{"num_predict":-1}}"#)
        var iterator = response.body.makeAsyncIterator()
        _ = try await iterator.next()
        #expect(try await Self.status(address, host: "models.example") == 403)

        try Data("keep_alive = \"1m\"\nallowed_hosts = [\"models.example\"]\nnum_threads = 2\n".utf8).write(to: file)
        let reload = try await roost.run("reload")
        #expect(reload.status == 0, "\(reload)")
        #expect(reload.output.contains("In use now: allowed_hosts, keep_alive."), "\(reload)")
        #expect(try await Self.status(address, host: "models.example") == 200)
        #expect(try await iterator.next() != nil)

        try Data("keep_alve = \"2m\"\n".utf8).write(to: file)
        let broken = try await roost.run("reload")
        #expect(broken.status == 1)
        #expect(broken.errors.contains("line 1") && broken.errors.contains("did you mean “keep_alive”?"), "\(broken)")
        #expect(try await Self.status(address, host: "models.example") == 200)
        #expect(try await iterator.next() != nil)
        try await Self.endAtOnce(server, address)
        #expect(try await server.status() == 0)
        let gone = try await roost.run("reload")
        #expect(gone.status == 1 && gone.errors.contains("No server runs"), "\(gone)")
    }

    @Test(.timeLimit(.minutes(15)))
    func `a setting that a flag holds is told as held by it`() async throws {
        try await prepare()
        let server = try ServedProgram(home: home, environment: Self.environment, arguments: ["--drain", "1s"])
        defer { server.kill() }
        _ = try await server.start()
        let roost = try BuiltProgram(home: home)
        try Data("drain_timeout = \"5m\"\nlog_level = \"debug\"\n".utf8).write(
            to: home.appending(path: "config.toml"))
        let reload = try await roost.run("reload")
        #expect(reload.output.contains("In use now: log_level."), "\(reload)")
        #expect(reload.output.contains("started with: drain_timeout."), "\(reload)")
        #expect(try await roost.run("stop", "--server").status == 0)
    }

    @Test(.timeLimit(.minutes(15)))
    func `a process that has the number of a server that was killed is not told to reload`() async throws {
        let other = try Self.sleeper()
        defer { kill(other.processIdentifier, SIGKILL) }
        let run = home.appending(path: "run")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        try Data(
            """
            {"pid":\(other.processIdentifier),"host":"127.0.0.1","port":1,"version":"1","startedAt":"2026-01-02T03:04:05Z"}
            """.utf8
        ).write(to: run.appending(path: "roost.json"))
        let outcome = try await BuiltProgram(home: home).run("reload")
        #expect(outcome.status == 1 && outcome.errors.contains("does not answer there"), "\(outcome)")
        #expect(other.isRunning)
    }

    /// A program that a signal ends.
    private static func sleeper() throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["3600"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        // It is started with the signals that this thread lets through, and threads of the pool let none.
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        return process
    }

    private static func status(_ address: String, host: String) async throws -> Int {
        var request = HTTPClientRequest(url: address + "/api/tags")
        request.headers.add(name: "Host", value: host)
        return Int(try await HTTPClient.shared.execute(request, timeout: .minutes(5)).status.code)
    }
}
