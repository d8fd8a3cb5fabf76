import Foundation

/// One place that a file can come from.
public struct DownloadSource: Sendable {
    /// https; http only to this machine.
    public var url: URL
    /// Sent to its own origin only.
    public var token: BearerToken?
    /// Asked when the address has expired; without one the address itself is followed again.
    public var resolver: (any SourceResolver)?

    /// One place that a file can come from.
    public init(_ url: URL, token: BearerToken? = nil, resolver: (any SourceResolver)? = nil) {
        self.url = url
        self.token = token
        self.resolver = resolver
    }
}
