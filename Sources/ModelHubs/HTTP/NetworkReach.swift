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
        } else if Self.endsInNumber(name) {
            self = Self.version4(name)
        } else if name.hasSuffix(".local") || name.hasSuffix(".internal") {
            self = .privateNetwork
        } else {
            self = .outside
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

    private static func version4(_ name: String) -> NetworkReach {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in
            // 010 is eight to some systems and ten to others.
            part == "0" || !(part.hasPrefix("0") || part.hasPrefix("+")) ? UInt8(part) : nil
        }
        guard parts.count == 4, bytes.count == 4 else { return .special }
        switch (bytes[0], bytes[1]) {
        case (127, _): return .loopback
        case (10, _), (192, 168), (172, 16...31), (100, 64...127): return .privateNetwork
        case (0, _), (169, 254), (224..., _): return .special
        default: return .outside
        }
    }

    private static func version6(_ name: String) -> NetworkReach {
        if name == "::1" { return .loopback }
        if name.hasPrefix("::") || name.hasPrefix("fe8") || name.hasPrefix("fe9") || name.hasPrefix("fea")
            || name.hasPrefix("feb") || name.hasPrefix("ff") || name.contains(".") || name.hasPrefix("0:")
            || name.hasPrefix("64:ff9b:")
        {
            return .special
        }
        let first = name.prefix { $0 != ":" }
        return first.count == 4 && (first.hasPrefix("fc") || first.hasPrefix("fd")) ? .privateNetwork : .outside
    }

    /// The URL standard's test for what is read as an IPv4 address, in whatever notation.
    private static func endsInNumber(_ name: String) -> Bool {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        guard let last = parts.last, !last.isEmpty else { return false }
        return last.allSatisfy(\.isNumber) || (last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit))
    }
}
