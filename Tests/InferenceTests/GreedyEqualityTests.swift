import AsyncHTTPClient
import EngineFixtures
import Foundation
import Inference
import NIOCore
import NIOHTTP1
import Testing

/// The same prompts through llama.cpp's own server, built from the same source, and through Roost.
@Suite(
    "Greedy output against llama-server", .serialized,
    .enabled(if: TestEnvironment.model != nil && TestEnvironment.tools != nil))
struct GreedyEqualityTests {
    static let prompts = [
        "The capital of France is",
        "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
        "Once upon a time, in a village by the sea, there lived an old fisherman who",
        "Die drei wichtigsten Gründe für den Klimawandel sind: 1.",
        "1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89,",
    ]
    private static let count = 128

    @Test("128 tokens for each of 5 prompts are the same, one by one")
    func equal() async throws {
        let file = try #require(TestEnvironment.model)
        let server = try LlamaServer(
            program: try #require(TestEnvironment.tools).appending(path: "llama-server"), model: file, threadCount: 1,
            contextLength: 2048)
        defer { server.stop() }
        try await server.waitUntilReady()

        var options = LoadOptions()
        // One thread each: tests run side by side, and threads that wait for each other would crawl.
        options.threadCount = 1
        options.contextLength = 2048
        let model = try await LoadedModel.load(at: file, options: options)
        for prompt in Self.prompts {
            let theirs = try await server.complete(prompt, count: Self.count)
            let ours = try await model.generate(prompt, options: .fixed(Self.count)).outcome().result
            try #require(theirs.tokens.count == Self.count)
            #expect(ours.tokens == theirs.tokens, "\(prompt)")
            #expect(ours.text == theirs.content)
        }
        await model.unload()
    }
}

/// A llama-server of its own on a free loopback port.
private final class LlamaServer: Sendable {
    struct Completion: Decodable {
        var content: String
        var tokens: [Int32]
    }

    private let process: Process
    private let base: String

    init(program: URL, model: URL, threadCount: Int, contextLength: Int) throws {
        let port = try Self.freePort()
        base = "http://127.0.0.1:\(port)"
        process = Process()
        process.executableURL = program
        process.arguments = [
            "-m", model.path, "-t", "\(threadCount)", "-c", "\(contextLength)", "-np", "1", "-ngl", "0",
            // Checkpoints cut the prompt in two batches, whose last bits differ from those of one.
            "--ctx-checkpoints", "0",
            "--host", "127.0.0.1", "--port", "\(port)",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func stop() {
        // Killed, as a child of these tests starts with SIGTERM blocked; and not waited for, which blocks a thread of
        // the pool that other tests need.
        kill(process.processIdentifier, SIGKILL)
    }

    func waitUntilReady() async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let response = try? await HTTPClient.shared.execute(
                HTTPClientRequest(url: base + "/health"), timeout: .seconds(10))
            if response?.status == .ok { return }
            try #require(process.isRunning, "llama-server ended")
            try #require(ContinuousClock.now < deadline, "llama-server was not ready within two minutes")
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    func complete(_ prompt: String, count: Int) async throws -> Completion {
        struct Body: Encodable {
            var prompt: String
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
        var request = HTTPClientRequest(url: base + "/completion")
        request.method = .POST
        request.body = .bytes(try JSONEncoder().encode(Body(prompt: prompt, count: count)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        let data = Data(Array(buffer: try await response.body.collect(upTo: 16 << 20)))
        return try JSONDecoder().decode(Completion.self, from: data)
    }

    /// A port that is free now: the system chooses it.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, streamType, 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port: UInt16? = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, getsockname(descriptor, generic, &length) == 0 else {
                    return nil
                }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
        return try #require(port)
    }

    private static var streamType: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_STREAM.rawValue)
        #else
            SOCK_STREAM
        #endif
    }
}
