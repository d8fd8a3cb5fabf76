import Foundation

/// A secret that is sent to one origin (scheme, host and port) and to no other, also when that origin redirects.
public struct BearerToken: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    let value: String
    private let scheme: String
    private let host: String
    private let port: Int?

    /// A token for the origin of `url`.
    ///
    /// `nil` when the address has no host or the value is not one line of visible ASCII.
    public init?(_ value: String, for url: URL) {
        guard let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased(), !host.isEmpty,
            !value.isEmpty, value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.value = value
        self.scheme = scheme
        self.host = host
        port = url.port ?? Self.standardPort(scheme)
    }

    /// Whether a request to `url` may carry the token.
    public func belongs(to url: URL) -> Bool {
        let scheme = url.scheme?.lowercased() ?? ""
        return scheme == self.scheme && url.host?.lowercased() == host
            && (url.port ?? Self.standardPort(scheme)) == port
    }

    /// Never the secret.
    public var description: String { "a token for \(host)" }
    /// Never the secret.
    public var debugDescription: String { description }

    private static func standardPort(_ scheme: String) -> Int? {
        switch scheme {
        case "https": 443
        case "http": 80
        default: nil
        }
    }
}
