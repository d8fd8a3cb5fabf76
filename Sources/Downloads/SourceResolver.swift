import Foundation

/// Makes a fresh address when one has expired: a hub's client that signs addresses, for example.
public protocol SourceResolver: Sendable {
    /// An address that serves the same file as `url`. It is called once for all connections.
    /// - Parameter url: The address of the source as it was given.
    func resolve(_ url: URL) async throws -> URL
}
