import Foundation
import Security

/// The scheme, host and port of an address: what a credential is bound to.
public struct Origin: Hashable, Sendable, CustomStringConvertible {
    /// `https` or `http`.
    public let scheme: String
    /// In lower case, an IPv6 address without brackets.
    public let host: String
    /// The port, the scheme's own when the address names none.
    public let port: Int

    /// `nil` for another scheme than https and http, and without a host.
    public init?(_ url: URL) {
        guard let parts = URLComponents(url: url, resolvingAgainstBaseURL: true),
            let scheme = parts.scheme?.lowercased(), scheme == "https" || scheme == "http",
            let host = parts.host?.lowercased().trimmingCharacters(in: ["[", "]"]), !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host
        port = parts.port ?? (scheme == "https" ? 443 : 80)
    }

    /// How far the host is from the outside, as far as its text tells.
    public var reach: NetworkReach { NetworkReach(ofHost: host) }

    /// Whether nobody on the way can read along: https, or http that stays on this machine.
    public var isSecureOrLoopback: Bool { scheme == "https" || reach == .loopback }

    /// Host, with the port when it is not the scheme's own: for messages.
    public var place: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (scheme == "https" ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// `https://host` or `https://host:port`.
    public var description: String { "\(scheme)://\(place)" }
}
