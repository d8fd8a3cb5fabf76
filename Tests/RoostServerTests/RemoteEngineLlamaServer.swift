import AsyncHTTPClient
import Foundation
import LoopbackSockets
import NIOCore
import NIOHTTP1
import Testing
import Waiting

/// A llama-server on a free port, until it is let go.
final class LlamaServer: Sendable {
    static let program: URL? = ProcessInfo.processInfo.environment["ROOST_ENGINE_TOOLS"].flatMap {
        $0.isEmpty ? nil : URL(fileURLWithPath: $0).appending(path: "llama-server")
    }

    let address: String
    private let process: Process

    init(_ model: URL, _ more: [String] = []) async throws {
        let free = try LoopbackAddress()
        let address = free.url
        self.address = address
        process = Process()
        process.executableURL = Self.program
        process.arguments =
            [
                "-m", model.path, "-t", "1", "-np", "2", "-ngl", "0", "-c", "512", "--host", free.host,
                "--port", "\(free.port)", "--jinja", "--no-warmup",
            ] + more
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let isReady = try await eventually {
            var request = HTTPClientRequest(url: address + "/health")
            // It closes connections that are kept when they are to be used again.
            request.headers.add(name: "Connection", value: "close")
            return (try? await HTTPClient.shared.execute(request, timeout: .seconds(10)).status) == .ok
        }
        try #require(isReady, "llama-server was not ready")
    }

    deinit { kill() }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }
}
