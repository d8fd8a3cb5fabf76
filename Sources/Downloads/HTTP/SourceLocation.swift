import Foundation

/// Where a source's bytes are, after all redirects.
struct SourceLocation: Sendable {
    let url: URL
    /// Sent only when the address still belongs to the token's origin; the transport checks.
    let token: BearerToken?
    /// The size that the server names; `nil` when it does not.
    let totalByteCount: Int64?
    /// Whether the server sends parts.
    let sendsRanges: Bool
    /// Asked for with every part of an unpinned file, so that a change at the source cannot go unseen.
    var entityTag: String?
    /// Counts the addresses of a source: a later one has a higher number.
    let generation: Int
}
