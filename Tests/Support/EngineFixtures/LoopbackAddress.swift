import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An address of this machine with a port that is free there, for a program that is to listen.
public struct LoopbackAddress: Sendable {
    /// Numbers with dots.
    public let host: String
    /// Nobody listens at it yet.
    public let port: UInt16

    /// The address as a server's.
    public var url: String { "http://\(host):\(port)" }

    /// Another one each time.
    ///
    /// - Throws: `POSIXError`.
    public init() throws {
        #if os(Linux)
            // All of 127/8 is this machine: where nobody else listens nobody takes the port before the program does.
            let number = in_addr_t.random(in: 0x7F01_0000...0x7FFE_FFFF)
        #else
            let number: in_addr_t = 0x7F00_0001
        #endif
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = number.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound: UInt16? = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, getsockname(descriptor, generic, &length) == 0 else {
                    return nil
                }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
        guard let port = bound else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        self.port = port
        host = [24, 16, 8, 0].map { "\(number >> $0 & 255)" }.joined(separator: ".")
    }
}
