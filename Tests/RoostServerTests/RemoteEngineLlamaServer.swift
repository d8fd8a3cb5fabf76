import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import RoostServer
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
        // The port of a server that has ended.
        let port = try await RemoteEngineGateway.run([]) { $0.running.port }
        let address = "http://127.0.0.1:\(port)"
        self.address = address
        process = Process()
        process.executableURL = Self.program
        process.arguments =
            [
                "-m", model.path, "-t", "1", "-np", "2", "-ngl", "0", "-c", "512", "--host", "127.0.0.1",
                "--port", "\(port)", "--jinja", "--no-warmup",
            ] + more
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let isReady = try await eventually {
            let response = try? await HTTPClient.shared.execute(
                HTTPClientRequest(url: address + "/health"), timeout: .seconds(10))
            return response?.status == .ok
        }
        try #require(isReady, "llama-server was not ready")
    }

    deinit { kill() }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }
}
