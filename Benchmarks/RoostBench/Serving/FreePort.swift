import NIOCore
import NIOPosix

/// A loopback port that nothing listens on now: the system chooses it.
enum FreePort {
    static func next() throws -> Int {
        let channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).wait()
        defer { try? channel.close().wait() }
        guard let port = channel.localAddress?.port else {
            throw BenchError(description: "No port on loopback could be had.")
        }
        return port
    }
}
