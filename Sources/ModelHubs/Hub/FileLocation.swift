import Foundation
import Security

/// Where a file's bytes are right now, and what the hub says of them.
public struct FileLocation: Hashable, Sendable {
    /// The address to read from; an address of storage behind a hub expires, often within an hour.
    public var url: URL
    /// The credential to send there; `nil` when the address has another origin than the hub.
    public var credential: OriginCredential?
    /// The commit that the file was read from.
    public var revision: String?
    /// The content's SHA-256, as the hub says.
    public var digest: Digest?
    /// The content's size in bytes, as the hub says.
    public var byteCount: Int64?

    /// A location.
    public init(
        url: URL, credential: OriginCredential? = nil, revision: String? = nil, digest: Digest? = nil,
        byteCount: Int64? = nil
    ) {
        self.url = url
        self.credential = credential
        self.revision = revision
        self.digest = digest
        self.byteCount = byteCount
    }

    /// Holds the facts against what was pinned for a file.
    ///
    /// - Throws: ``ModelHubError/pinMismatch(name:fact:expected:found:)``, which names both.
    public func check(against file: ModelFile) throws {
        if let expected = file.digest, let found = digest, expected != found {
            throw ModelHubError.pinMismatch(
                name: file.path.description, fact: "SHA-256", expected: expected.hexadecimal,
                found: found.hexadecimal)
        }
        if let expected = file.byteCount, let found = byteCount, expected != found {
            throw ModelHubError.pinMismatch(
                name: file.path.description, fact: "size in bytes", expected: String(expected), found: String(found))
        }
    }
}
