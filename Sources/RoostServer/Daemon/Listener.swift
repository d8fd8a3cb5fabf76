import Foundation
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A socket on which the server accepts connections.
struct Listener: Sendable {
    private let channel: any Channel

    /// The TCP port; `nil` for a Unix socket.
    var port: Int? { channel.localAddress?.port }

    /// Accepts connections on an address of this machine.
    ///
    /// Throws `RoostServerError`.
    static func tcp(host: String, port: Int, _ connections: ServerChannel) async throws -> Listener {
        do {
            let bound = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            return Listener(channel: try await bootstrap(connections).bind(host: bound, port: port).get())
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw RoostServerError.addressInUse(host: host, port: port)
        } catch let error as IOError {
            throw RoostServerError.cannotListen(
                host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        } catch is SocketAddressError {
            throw RoostServerError.cannotListen(host: host, port: port, reason: "the address is not known")
        } catch is NIOConnectionError {
            throw RoostServerError.cannotListen(host: host, port: port, reason: "the address is not known")
        }
    }

    private static func bootstrap(_ connections: ServerChannel) -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // A client that closes its side still gets what it was promised; see `ConnectionWatcher`.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { connections.open($0) }
    }

    /// Accepts no more connections.
    func close() async {
        try? await channel.close().get()
    }
}

// MARK: Unix sockets

extension Listener {
    /// The longest path of a socket, without the byte that ends it.
    static let longestSocketPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Accepts connections of this person's processes on a socket in a folder that the caller has for itself; one that
    /// an earlier server left there is replaced.
    ///
    /// The socket is made under another name, closed to others, and then put in its place: nobody sees it open to them.
    ///
    /// Throws `RoostServerError`.
    static func unix(_ path: String, _ connections: ServerChannel) async throws -> Listener {
        let temporary = URL(fileURLWithPath: path).deletingLastPathComponent().appending(path: "s\(getpid())").path
        for each in [path, temporary] where each.utf8.count > longestSocketPath {
            throw RoostServerError.socket(
                path: path, reason: "the path is longer than \(longestSocketPath) bytes, the most that the system takes"
            )
        }
        unlink(temporary)
        let channel: any Channel
        do {
            channel = try await bootstrap(connections).bind(unixDomainSocketPath: temporary).get()
        } catch let error as IOError {
            throw RoostServerError.socket(path: path, reason: String(cString: strerror(error.errnoCode)))
        }
        guard chmod(temporary, 0o600) == 0, rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            try? await channel.close().get()
            throw RoostServerError.socket(path: path, reason: reason)
        }
        return Listener(channel: channel)
    }
}
