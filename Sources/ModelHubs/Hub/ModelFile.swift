import Foundation
import Security

/// What a file is to its model.
public enum ModelFileRole: Hashable, Sendable {
    /// The weights.
    case model
    /// Part `index` of `count` of the weights, counted from 1.
    case shard(index: Int, count: Int)
    /// The multimodal projector (mmproj): images and sound to embeddings.
    case projector
    /// A LoRA adapter.
    case adapter
    /// The chat template, as text.
    case template
    /// The system prompt, as text.
    case system
    /// Generation parameters, as JSON.
    case parameters
    /// Example messages, as JSON.
    case messages
    /// The licence's text.
    case license
}

/// A file of a model: what it is and where it can be got.
public struct ModelFile: Hashable, Sendable {
    /// What it is to the model.
    public var role: ModelFileRole
    /// Its name in the repository or folder.
    public var path: RepositoryPath
    /// Its size in bytes, when the hub says so.
    public var byteCount: Int64?
    /// Its SHA-256, when the hub says so: the identity to which every source is held.
    public var digest: Digest?
    /// Where it can be got, the best first; at least one.
    public var sources: [FileSource]

    /// A file.
    public init(
        role: ModelFileRole, path: RepositoryPath, byteCount: Int64? = nil, digest: Digest? = nil,
        sources: [FileSource]
    ) {
        self.role = role
        self.path = path
        self.byteCount = byteCount
        self.digest = digest
        self.sources = sources
    }

    /// The best source.
    ///
    /// - Throws: ``ModelHubError/fileNotFound(name:repository:choices:)`` when there is none.
    var firstSource: FileSource {
        get throws {
            guard let source = sources.first else {
                throw ModelHubError.fileNotFound(name: path.description, repository: "its hub", choices: [])
            }
            return source
        }
    }

    /// Holds a whole content against what is known of the file.
    ///
    /// - Throws: ``ModelHubError/pinMismatch(name:fact:expected:found:)``.
    func check(_ content: [UInt8]) throws {
        try FileLocation(url: try firstSource.url, digest: Digest.of(content), byteCount: Int64(content.count))
            .check(against: self)
    }
}

/// An address of a file's bytes, with the credential that belongs to its origin.
public struct FileSource: Hashable, Sendable {
    /// https, http on this machine, or a file of this machine.
    public var url: URL
    /// Whose protocol the address speaks: that hub is asked when it expires.
    public var hub: HubIdentifier
    /// Sent to its own origin only.
    public var credential: OriginCredential?

    /// A source.
    public init(url: URL, hub: HubIdentifier, credential: OriginCredential? = nil) {
        self.url = url
        self.hub = hub
        self.credential = credential
    }

    /// Headers of a request to `url`, which may be another address that this source led to: the token is among them
    /// only when the origin is the token's own.
    public func headers(for url: URL) -> [(name: String, value: String)] {
        guard let authorization = credential?.authorization(for: url) else { return [] }
        return [("Authorization", authorization)]
    }
}
