import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// Serves one file on loopback for the download benchmark, in a process of its own so that its work is not counted as
// that of those who download. Prints its port, then for each line of its standard input what happened since the last
// one; ends when its standard input does, that is with who started it.

func fail(_ message: String) -> Never {
    _ = (message + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(1)
}

let statistics = Statistics()
do {
    let settings = try ServerSettings(arguments: Array(CommandLine.arguments.dropFirst()))
    let shared = settings.resetsCountAllConnections ? ResetBudget(period: settings.resetByteCount) : nil
    let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    let channel = try await ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 256)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.configureHTTPServerPipeline()
                let budget = shared ?? ResetBudget(period: settings.resetByteCount)
                try pipeline.addHandler(FileHandler(settings: settings, statistics: statistics, budget: budget))
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    guard let port = channel.localAddress?.port else { fail("The server has no port.") }
    print(port)
    fflush(nil)
} catch {
    fail("\(error)")
}
while readLine() != nil {
    print(statistics.take().json)
    fflush(nil)
}
