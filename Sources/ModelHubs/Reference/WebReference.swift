import Foundation
import Security

/// A model file at an address that belongs to no known hub.
public struct WebReference: Hashable, Sendable {
    /// https, or http on this machine; without user, password and fragment.
    public let url: URL
    /// The content that is expected, from a fragment `#sha256=<hex>`.
    public let digest: Digest?

    /// `nil` unless the address is https with a host, or http with a host that is this machine, and has no user.
    public init?(url: URL, digest: Digest? = nil) {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true), parts.user == nil,
            parts.password == nil, let origin = Origin(url), origin.isSecureOrLoopback
        else { return nil }
        parts.fragment = nil
        guard let plain = parts.url else { return nil }
        self.url = plain
        self.digest = digest
    }
}

extension WebReference: CustomStringConvertible {
    /// The address, with the digest as its fragment.
    public var description: String { url.absoluteString + (digest.map { "#sha256=" + $0.hexadecimal } ?? "") }
}
