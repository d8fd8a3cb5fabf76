import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// A llama-server with one chat template, on a free loopback port.
final class TemplateServer: Sendable {
    private let process: Process
    private let base: String

    init(program: URL, model: URL, template: URL) throws {
        let port = try Self.freePort()
        base = "http://127.0.0.1:\(port)"
        process = Process()
        process.executableURL = program
        process.arguments = [
            "-m", model.path, "-t", "1", "-c", "32768", "-np", "1", "-ngl", "0", "--no-warmup", "--jinja",
            "--chat-template-file", template.path, "--ctx-checkpoints", "0", "--cache-ram", "0",
            // So verbose that answers tell what they were constrained to.
            "-lv", "10", "--host", "127.0.0.1", "--port", "\(port)",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func stop() {
        // Killed, as a child of these tests starts with SIGTERM blocked; and not waited for, which blocks a thread.
        kill(process.processIdentifier, SIGKILL)
    }

    /// False when it ends by itself, as it does with a template that it cannot use.
    func isReady() async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(120)
        while process.isRunning {
            let response = try? await HTTPClient.shared.execute(
                HTTPClientRequest(url: base + "/health"), timeout: .seconds(10))
            if response?.status == .ok { return true }
            try #require(ContinuousClock.now < deadline, "llama-server was not ready within two minutes")
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// The answer's JSON; `nil` when the request was refused, with what it said.
    func post(_ path: String, _ body: String) async throws -> (answer: Data?, refusal: String) {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        let data = Data(Array(buffer: try await response.body.collect(upTo: 64 << 20)))
        return response.status == .ok ? (data, "") : (nil, String(decoding: data, as: UTF8.self))
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
