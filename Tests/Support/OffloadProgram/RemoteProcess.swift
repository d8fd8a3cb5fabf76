import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A device in a process of its own, at a free loopback address.
final class RemoteProcess {
    let endpoint: String
    private let host: in_addr_t
    private let port: UInt16
    private let process = Process()
    private let life = Pipe()

    init(byteCount: Int64) throws {
        #if os(Linux)
            // All of 127/8 is this machine: where nobody else listens nobody takes the port before the device does.
            let host = in_addr_t.random(in: 0x7F01_0000...0x7FFE_FFFF)
        #else
            let host: in_addr_t = 0x7F00_0001
        #endif
        self.host = host
        port = try Self.freePort(at: host)
        endpoint = [24, 16, 8, 0].map { "\(host >> $0 & 255)" }.joined(separator: ".") + ":\(port)"
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["device", endpoint, "\(byteCount)"]
        process.standardInput = life
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    /// Waits until something takes connections; false when the process ended.
    func isListening() -> Bool {
        while process.isRunning {
            let isConnected = try? Self.withSocket(host, port) { connect($0, $1, $2) == 0 ? true : nil }
            if isConnected == true { return true }
            usleep(2000)
        }
        return false
    }

    /// Bytes of it in RAM; 0 where the system does not say.
    var residentByteCount: Int64 {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int64($0) }.map { $0 << 10 } ?? 0
    }

    private static func freePort(at host: in_addr_t) throws -> UInt16 {
        try withSocket(host, 0) { descriptor, address, length in
            var length = length
            guard bind(descriptor, address, length) == 0, getsockname(descriptor, address, &length) == 0 else {
                return nil
            }
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }

    /// What `body` makes of a socket and an address with a port.
    ///
    /// - Throws: `POSIXError` when it makes nothing.
    private static func withSocket<Result>(
        _ host: in_addr_t, _ port: UInt16, _ body: (Int32, UnsafeMutablePointer<sockaddr>, socklen_t) -> Result?
    ) throws -> Result {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard let result else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return result
    }
}
