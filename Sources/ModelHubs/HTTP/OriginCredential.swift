import Foundation

/// A token that goes to one origin and to no other.
public struct OriginCredential: Hashable, Sendable {
    /// Where the token belongs.
    public let origin: Origin
    private let token: String

    /// `nil` when the token is empty, longer than 4096 bytes or has other characters than visible ASCII, and when
    /// the origin is neither https nor this machine.
    public init?(token: String, origin: Origin) {
        guard (1...4096).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            origin.isSecureOrLoopback
        else { return nil }
        self.origin = origin
        self.token = token
    }

    /// The value of `Authorization` for an address; `nil` unless it has the credential's origin.
    public func authorization(for url: URL) -> String? {
        token(for: url).map { "Bearer " + $0 }
    }

    /// The token itself, for an address; `nil` unless it has the credential's origin.
    public func token(for url: URL) -> String? {
        Origin(url) == origin ? token : nil
    }
}

extension OriginCredential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The origin; never the token.
    public var description: String { "a token for \(origin)" }
    /// The origin; never the token.
    public var debugDescription: String { description }
    /// Keeps the token out of dumps.
    public var customMirror: Mirror { Mirror(self, children: ["origin": origin.description]) }
}
