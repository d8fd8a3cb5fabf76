import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells the system's service manager how the server is (systemd's sd_notify protocol: a datagram to the socket that
/// `NOTIFY_SOCKET` names). Without such a manager it does nothing.
struct ServiceNotice: Sendable {
    /// What there is to tell.
    enum State: Sendable {
        case ready
        case reloading
        case stopping
    }

    private let path: String?

    /// The service manager that the environment names.
    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    }

    /// Tells it; a manager that cannot be reached is left alone.
    func tell(_ state: State) {
        guard let path else { return }
        let text =
            switch state {
            case .ready: "READY=1"
            // The time lets it tell this reload from an earlier one (systemd 253 and later).
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.microseconds)"
            case .stopping: "STOPPING=1"
            }
        Self.send(Array(text.utf8), to: path)
    }

    private static var microseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    private static func send(_ bytes: [UInt8], to path: String) {
        var address = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        var name = Array(path.utf8)
        // An @ stands for the abstract namespace, whose names begin with a zero.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < capacity else { return }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        #if canImport(Glibc)
            let kind = Int32(SOCK_DGRAM.rawValue)
        #else
            let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size - capacity + name.count)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, length)
            }
        }
    }
}
