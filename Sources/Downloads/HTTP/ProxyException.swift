import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An address, or many, that no proxy leads to: one word of `NO_PROXY`.
public struct ProxyException: Hashable, Sendable {
    private enum Pattern: Hashable {
        case everything
        /// With everything below it.
        case domain(String)
        case network([UInt8], bits: Int)
    }

    private let pattern: Pattern
    /// `nil` is any.
    private let port: Int?

    /// Reads `*`, a domain, a number or a network in CIDR form; domains and numbers may end with `:port`. `nil` for
    /// anything else.
    public init?(_ text: String) {
        let text = text.lowercased()
        if text == "*" {
            (pattern, port) = (.everything, nil)
            return
        }
        if let slash = text.lastIndex(of: "/") {
            guard let bytes = Self.bytes(of: String(text[..<slash])), let bits = Int(text[text.index(after: slash)...]),
                (0...bytes.count * 8).contains(bits)
            else { return nil }
            (pattern, port) = (.network(bytes, bits: bits), nil)
            return
        }
        if let bytes = Self.bytes(of: text) {
            (pattern, port) = (.network(bytes, bits: bytes.count * 8), nil)
            return
        }
        var name = text
        var number: Int?
        if let colon = text.lastIndex(of: ":") {
            guard let value = Int(text[text.index(after: colon)...]), (1...65535).contains(value) else { return nil }
            (name, number) = (String(text[..<colon]), value)
        }
        port = number
        if let bytes = Self.bytes(of: name) {
            pattern = .network(bytes, bits: bytes.count * 8)
            return
        }
        if name.hasPrefix("*.") { name.removeFirst(2) } else if name.hasPrefix(".") { name.removeFirst() }
        if name.hasSuffix(".") { name.removeLast() }
        guard !name.isEmpty, !name.contains("*"), !name.contains("/"), !name.contains(":") else { return nil }
        pattern = .domain(name)
    }

    /// Whether a connection to this host and port goes around the proxy.
    func covers(host: String, port: Int) -> Bool {
        if let own = self.port, own != port { return false }
        var host = host.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        switch pattern {
        case .everything: return true
        case .domain(let name): return host == name || host.hasSuffix("." + name)
        case .network(let network, let bits):
            guard let bytes = Self.bytes(of: host), bytes.count == network.count else { return false }
            return (0..<bits).allSatisfy { bit in
                (bytes[bit / 8] ^ network[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
            }
        }
    }

    /// The 4 or 16 bytes of an address that is written as a number.
    private static func bytes(of text: String) -> [UInt8]? {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        var four = in_addr()
        if inet_pton(AF_INET, bare, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, bare, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        return nil
    }
}
