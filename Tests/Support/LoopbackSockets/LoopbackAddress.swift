import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An address of this machine with a port where nobody listens.
public struct LoopbackAddress: Sendable {
    private let number: in_addr_t
    /// Free when the address was made.
    public let port: UInt16

    /// Numbers with dots.
    public var host: String { [24, 16, 8, 0].map { "\(number >> $0 & 255)" }.joined(separator: ".") }
    /// The address as a server's.
    public var url: String { "http://\(host):\(port)" }

    /// Another one each time, for a program that is to listen at it.
    ///
    /// - Throws: `POSIXError`.
    public init() throws {
        #if os(Linux)
            // All of 127/8 is this machine: where nobody else listens nobody takes the port before the program does.
            number = in_addr_t.random(in: 0x7F01_0000...0x7FFE_FFFF)
        #else
            number = 0x7F00_0001
        #endif
        let descriptor = try Self.openSocket()
        defer { close(descriptor) }
        port = try Self.bindToFreePort(descriptor, of: number)
    }

    private init(_ descriptor: Int32) throws {
        number = 0x7F00_0001
        port = try Self.bindToFreePort(descriptor, of: number)
    }

    /// Runs `body` with an address of 127.0.0.1 that refuses connections, and that nobody else gets until `body` returns:
    /// it is taken.
    ///
    /// - Throws: `POSIXError`, or what `body` throws.
    public static func withClosed<Result: Sendable>(
        _ body: (LoopbackAddress) async throws -> Result
    ) async throws -> Result {
        let descriptor = try openSocket()
        defer { close(descriptor) }
        return try await body(try LoopbackAddress(descriptor))
    }

    /// Whether somebody takes connections there by now. Blocks for as long as connecting takes.
    public var hasListener: Bool {
        guard let descriptor = try? Self.openSocket() else { return false }
        defer { close(descriptor) }
        return Self.with(number, port) { connect(descriptor, $0, $1) == 0 }
    }

    private static func openSocket() throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return descriptor
    }

    private static func bindToFreePort(_ descriptor: Int32, of number: in_addr_t) throws -> UInt16 {
        let port: UInt16? = with(number, 0) { address, length in
            var length = length
            guard bind(descriptor, address, length) == 0, getsockname(descriptor, address, &length) == 0 else {
                return nil
            }
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
        guard let port else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return port
    }

    private static func with<Result>(
        _ number: in_addr_t, _ port: UInt16, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = number.bigEndian
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
