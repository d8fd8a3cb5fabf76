import Foundation
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The server's end of a connection: every byte that it sends is the test's.
public struct FaultConnection: Sendable {
    let channel: any Channel
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Sends bytes as they are.
    public func send(_ bytes: some Collection<UInt8> & Sendable) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try await outbound.write(ByteBuffer(bytes: rest.prefix(64 << 10)))
            rest = rest.dropFirst(64 << 10)
        }
    }

    /// Sends a status line and headers, and the empty line after them.
    public func sendHead(_ status: Int, _ headers: [(String, String)]) async throws {
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        try await send(Array("HTTP/1.1 \(status) Status\r\n\(lines)\r\n".utf8))
    }

    /// Sends an answer without a body.
    public func sendEmpty(_ status: Int, _ headers: [(String, String)] = []) async throws {
        try await sendHead(status, headers + [("Content-Length", "0")])
    }

    /// Ends the connection in order.
    public func close() async throws { try await channel.close() }

    /// Breaks the connection: the other side sees a reset, not an end.
    public func reset() async throws {
        if let provider = channel as? any SocketOptionProvider {
            try await provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close()
    }

    /// Says nothing more until the server stops.
    public func stall() async throws { try await Task.sleep(for: .seconds(3600)) }
}
