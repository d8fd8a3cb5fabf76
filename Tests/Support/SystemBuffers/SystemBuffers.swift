import Foundation

/// Most bytes that the system keeps of a TCP connection: what is sent beyond that, somebody has read. Linux says it in
/// `tcp_wmem` and `tcp_rmem`; elsewhere it is about what is usual.
public enum SystemBuffers {
    /// Of what one end has sent.
    public static let sentByteCount = limit("wmem")
    /// Of what the other end has not read.
    public static let receivedByteCount = limit("rmem")

    private static func limit(_ name: String) -> Int {
        let text = try? String(contentsOf: URL(filePath: "/proc/sys/net/ipv4/tcp_\(name)"), encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 8 << 20
    }
}
