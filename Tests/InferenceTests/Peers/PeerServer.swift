import AsyncHTTPClient
import Foundation
import LoopbackSockets
import NIOCore
import NIOHTTP1
import Testing

/// A llama-server of its own at a free loopback address, with one thread.
final class PeerServer: Sendable {
    private let process: Process
    private let base: String

    /// Starts it with `arguments` beside those that every test wants, and waits until it answers.
    convenience init(model: URL, _ arguments: [String], environment: [String: String] = [:]) async throws {
        try self.init(starting: model, arguments, environment: environment)
        try #require(await isReady(), "llama-server ended")
    }

    /// Starts it and does not wait.
    init(starting model: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        let address = try LoopbackAddress()
        base = address.url
        process = Process()
        process.executableURL = try #require(TestEnvironment.tools).appending(path: "llama-server")
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.arguments =
            [
                // Checkpoints cut the prompt in two batches, whose last bits differ from those of one.
                "-m", model.path, "-t", "1", "-np", "1", "-ngl", "0", "--ctx-checkpoints", "0", "--host", address.host,
                "--port", "\(address.port)",
            ] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        // Killed, as a child of these tests starts with SIGTERM blocked; and not waited for, which blocks a thread of
        // the pool that other tests need.
        kill(process.processIdentifier, SIGKILL)
    }

    /// Sends `body` as JSON and reads the answer, which must be a success.
    func post<Answer: Decodable>(_ path: String, _ body: some Encodable, as type: Answer.Type) async throws -> Answer {
        let (answer, refusal) = try await post(path, String(decoding: try JSONEncoder().encode(body), as: UTF8.self))
        return try JSONDecoder().decode(type, from: try #require(answer, "\(refusal.prefix(500))"))
    }

    /// The JSON of each event of an answer that comes as a stream (server-sent events), which must be a success.
    func events(_ path: String, _ body: String) async throws -> [Data] {
        let (answer, refusal) = try await post(path, body)
        let text = String(decoding: try #require(answer, "\(refusal.prefix(500))"), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            line.hasPrefix("data: {") ? Data(line.dropFirst("data: ".count).utf8) : nil
        }
    }

    /// The answer's JSON; `nil` when the request was refused, with what it said.
    func post(_ path: String, _ body: String) async throws -> (answer: Data?, refusal: String) {
        var request = request(path)
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        let data = Data(Array(buffer: try await response.body.collect(upTo: 64 << 20)))
        return response.status == .ok ? (data, "") : (nil, String(decoding: data, as: UTF8.self))
    }

    /// With a connection of its own: llama-server closes one that is idle, maybe when the next request takes it.
    private func request(_ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "connection", value: "close")
        return request
    }

    /// Tokens that it generates greedily.
    func tokens(_ prompt: some Encodable & Sendable, count: Int) async throws -> [Int32] {
        try await complete(prompt, count: count).tokens
    }

    /// What it generates greedily.
    func complete(_ prompt: some Encodable & Sendable, count: Int) async throws -> Completion {
        try await post("/completion", CompletionBody(prompt: prompt, count: count), as: Completion.self)
    }

    /// A completion's text and tokens.
    struct Completion: Decodable {
        var content: String
        var tokens: [Int32]
    }

    /// Waits until it answers; false when it ends by itself, as it does with a template that it cannot use.
    func isReady() async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(120)
        while process.isRunning {
            let response = try? await HTTPClient.shared.execute(request("/health"), timeout: .seconds(10))
            if response?.status == .ok { return true }
            try #require(ContinuousClock.now < deadline, "llama-server was not ready within two minutes")
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}

private struct CompletionBody<Prompt: Encodable>: Encodable {
    var prompt: Prompt
    var count: Int
    var temperature = 0
    var ignoresEnd = true
    var cachesPrompt = false
    var returnsTokens = true

    enum CodingKeys: String, CodingKey {
        case prompt, temperature
        case count = "n_predict"
        case ignoresEnd = "ignore_eos"
        case cachesPrompt = "cache_prompt"
        case returnsTokens = "return_tokens"
    }
}
