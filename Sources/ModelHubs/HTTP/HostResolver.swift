#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// From a host's name to its addresses.
public struct HostResolver: Sendable {
    /// Why a name has no address.
    public struct Failure: Error, Hashable, Sendable {
        /// A few words.
        public let reason: String

        /// A failure.
        public init(reason: String) { self.reason = reason }
    }

    private let addresses: @Sendable (String) async throws -> [[UInt8]]?

    /// A resolver that answers with the addresses of a name, of 4 or 16 bytes each in network order, or `nil` where
    /// that cannot be known here. It throws ``Failure``.
    public init(_ addresses: @escaping @Sendable (String) async throws -> [[UInt8]]?) {
        self.addresses = addresses
    }

    /// The addresses of a name, of 4 or 16 bytes each in network order; `nil` where somebody else looks names up.
    ///
    /// - Throws: ``Failure``.
    public func addresses(of name: String) async throws -> [[UInt8]]? { try await addresses(name) }

    /// This system's own.
    public static let system = HostResolver { name in try await BlockingWork.run { try lookUp(name) } }

    /// For connections through a proxy, which looks names up by itself: names are judged by their text alone.
    public static let proxied = HostResolver { _ in nil }

    private static func lookUp(_ name: String) throws -> [[UInt8]] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else { throw Failure(reason: "its name was not found") }
        var found: [[UInt8]] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr, let bytes = bytes(of: address) { found.append(bytes) }
            next = entry.pointee.ai_next
        }
        guard !found.isEmpty else { throw Failure(reason: "its name has no address") }
        return found
    }

    private static func bytes(of address: UnsafeMutablePointer<sockaddr>) -> [UInt8]? {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
            }
        default: nil
        }
    }
}
