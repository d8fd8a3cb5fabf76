import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What `roost serve` tells a service manager (systemd's sd_notify protocol).
@Suite struct ServiceNoticeTests {
    private let folder = TemporaryHome()

    /// A socket that a service manager would listen on.
    private final class Manager: Sendable {
        let path: String
        private let descriptor: Int32

        init() throws {
            // Short: a socket's path has about a hundred bytes.
            path = "/tmp/roost-\(UUID().uuidString.prefix(13)).sock"
            #if canImport(Glibc)
                descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            #else
                descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
            #endif
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0)
            // A message that never comes must not hold the tests up for ever.
            var limit = timeval(tv_sec: 300, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        deinit {
            close(descriptor)
            unlink(path)
        }

        /// The next message, by lines.
        func next() async throws -> [String] {
            try await BuiltProgram.onThread { [descriptor] in
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &bytes, bytes.count, 0)
                try #require(count > 0, "no message came")
                return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
            }
        }
    }

    @Test func `it tells when it serves, when it reads its settings again, and when it ends`() async throws {
        let manager = try Manager()
        let server = try ServedProgram(home: folder.url, environment: ["NOTIFY_SOCKET": manager.path])
        defer { server.kill() }
        _ = try await server.start()
        #expect(try await manager.next() == ["READY=1"])
        kill(server.processIdentifier, SIGHUP)
        let reloading = try await manager.next()
        #expect(reloading.first == "RELOADING=1" && reloading.last?.hasPrefix("MONOTONIC_USEC=") == true)
        #expect(try await manager.next() == ["READY=1"])
        server.terminate()
        #expect(try await manager.next() == ["STOPPING=1"])
        #expect(try await server.status() == 0)
    }
}
