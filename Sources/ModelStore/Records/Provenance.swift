public import Foundation

/// Where a model came from. Each file's own source and digest stand in its ``ModelFileRecord``.
public struct Provenance: Sendable, Hashable, Codable {
    /// The hub's identifier: `huggingface`, `ollama`, `url`, `file`, `created`, or the program that a model was adopted from.
    public let hub: String
    /// The text that finds the model again: `hf.co/user/repo:Q4_K_M`.
    public let reference: String
    /// The repository on the hub.
    public let repository: String?
    /// The revision that was fetched: a commit, or a manifest's digest.
    public let revision: String?
    /// When it was fetched.
    public let retrievedAt: Date
    /// The licence that the hub states, usually an SPDX identifier.
    public let license: String?

    /// The ``hub`` of models that were made here of others: ``reference`` is the one that it was made of.
    public static let created = "created"

    /// Where a model came from.
    public init(
        hub: String, reference: String, repository: String? = nil, revision: String? = nil, retrievedAt: Date,
        license: String? = nil
    ) {
        self.hub = hub
        self.reference = reference
        self.repository = repository
        self.revision = revision
        self.retrievedAt = retrievedAt
        self.license = license
    }
}
