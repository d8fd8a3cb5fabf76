#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which network an address written in a URL belongs to.
///
/// A redirect must not lead from the outside into this machine's own networks: cloud metadata services, routers and
/// neighbours answer there.
public enum NetworkReach: Hashable, Sendable {
    /// This machine: `localhost`, 127.0.0.0/8, `::1`.
    case loopback
    /// A private network: 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7, and names under `.local`.
    case privateNetwork
    /// 169.254/16 and fe80::/10, unspecified, mapped and oddly written addresses: never a hub's.
    case special
    /// Everything else, names above all.
    case outside

    /// Judges a host by its text; names are not looked up.
    public init(ofHost host: String) {
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") {
            self = .loopback
        } else if name.contains(":") {
            self = Self.version6(name)
        } else if Self.isNumeric(name) {
            self = Self.version4(name)
        } else if name.hasSuffix(".local") || name.hasSuffix(".internal") {
            self = .privateNetwork
        } else {
            self = .outside
        }
    }

    /// Judges an address of 4 or 16 bytes, in the order of the network (IANA's special-purpose registries).
    public init(ofAddress bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = Self.version4(bytes)
        case 16: self = Self.version6(bytes)
        default: self = .special
        }
    }

    private static func version4(_ bytes: [UInt8]) -> NetworkReach {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (127, _, _): .loopback
        case (10, _, _), (192, 168, _), (172, 16...31, _), (100, 64...127, _): .privateNetwork
        // This network, link-local, protocol assignments, benchmarks, multicast and reserved.
        case (0, _, _), (169, 254, _), (192, 0, 0), (198, 18...19, _), (224..., _, _): .special
        default: .outside
        }
    }

    private static func version6(_ bytes: [UInt8]) -> NetworkReach {
        if bytes.dropLast() == [UInt8](repeating: 0, count: 15)[...] { return bytes[15] == 1 ? .loopback : .special }
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0xfc...0xfd, _, _, _): return .privateNetwork
        // RFC 6052: an IPv4 address behind a network's translator; names get such addresses where IPv4 is missing.
        case (0x00, 0x64, 0xff, 0x9b) where bytes[4..<12].allSatisfy { $0 == 0 }:
            return version4(Array(bytes[12...])) == .outside ? .outside : .special
        // Mapped, compatible and other unassigned; 6to4 and Teredo carry IPv4 addresses; link-local, site-local,
        // multicast.
        case (0x00, _, _, _), (0x20, 0x02, _, _), (0x20, 0x01, 0x00, 0x00), (0xfe...0xff, _, _, _): return .special
        default: return .outside
        }
    }

    /// Whether a redirect from an address of this reach may lead to one of `target`.
    public func mayLead(to target: NetworkReach) -> Bool {
        switch target {
        case .outside: true
        case .privateNetwork: self == .privateNetwork || self == .loopback
        case .loopback: self == .loopback
        case .special: false
        }
    }

    /// The innermost of several: a name is judged by the worst of its addresses.
    public static func innermost(_ reaches: [NetworkReach]) -> NetworkReach {
        for reach in [NetworkReach.special, .loopback, .privateNetwork] where reaches.contains(reach) { return reach }
        return .outside
    }

    /// Why an address of this reach is not asked.
    public var refusal: String {
        switch self {
        case .loopback: "it is an address of this machine"
        case .privateNetwork: "it is an address of an inner network"
        case .special: "it is an address that no hub has (link-local, mapped or reserved)"
        case .outside: "it is an address of the outside"
        }
    }

    private static func version4(_ name: String) -> NetworkReach {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in
            // 010 is eight to some systems and ten to others.
            part == "0" || !(part.hasPrefix("0") || part.hasPrefix("+")) ? UInt8(part) : nil
        }
        guard parts.count == 4, bytes.count == 4 else { return .special }
        return NetworkReach(ofAddress: bytes)
    }

    private static func version6(_ name: String) -> NetworkReach {
        // A zone (fe80::1%eth0) belongs to link-local addresses alone; inet_pton does not read it.
        var address = in6_addr()
        guard inet_pton(AF_INET6, name, &address) == 1 else { return .special }
        return withUnsafeBytes(of: &address) { NetworkReach(ofAddress: Array($0)) }
    }

    /// The URL standard's test for what is read as an IPv4 address, in whatever notation.
    public static func isNumeric(_ name: String) -> Bool {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        guard let last = parts.last, !last.isEmpty else { return false }
        return last.allSatisfy(\.isNumber) || (last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit))
    }
}
