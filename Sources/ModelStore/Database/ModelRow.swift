import Foundation
import GRDB
import ModelFormats
import Security

/// A row of `model`: one name and what its files say of themselves.
struct ModelRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "model"

    /// The name with its tag in lower case.
    var key: String
    var name: ModelName
    /// The first file of weights.
    var digest: Digest
    /// Tells models apart by all their files.
    var identity: Digest
    var source: String
    var modifiedAt: Date
    var firstUsedAt: Date?
    var lastUsedAt: Date?
    var useCount = 0
    var tokenCount = 0

    var format = "gguf"
    var architecture: String
    var title: String?
    var license: String?
    var parameterCount: Int64
    var quantization: String
    var contextLength: Int?
    var embeddingLength: Int?
    /// JSON.
    var capabilities: [ModelCapability]
    var hasChatTemplate: Bool

    var hub: String?
    var reference: String?
    var repository: String?
    var revision: String?
    var retrievedAt: Date?
    var hubLicense: String?

    init(name: ModelName, digest: Digest, identity: Digest, source: String, facts: ModelFacts, modifiedAt: Date) {
        key = name.key
        self.name = name
        self.digest = digest
        self.identity = identity
        self.source = source
        self.modifiedAt = modifiedAt
        architecture = facts.summary.architecture
        title = facts.summary.title
        license = facts.summary.license
        parameterCount = facts.summary.parameterCount
        quantization = facts.summary.quantization
        contextLength = facts.summary.contextLength
        embeddingLength = facts.summary.embeddingLength
        capabilities = facts.capabilities
        hasChatTemplate = facts.hasChatTemplate
    }

    var provenance: Provenance? {
        get {
            guard let hub, let reference, let retrievedAt else { return nil }
            return Provenance(
                hub: hub, reference: reference, repository: repository, revision: revision, retrievedAt: retrievedAt,
                license: hubLicense)
        }
        set {
            hub = newValue?.hub
            reference = newValue?.reference
            repository = newValue?.repository
            revision = newValue?.revision
            retrievedAt = newValue?.retrievedAt
            hubLicense = newValue?.license
        }
    }

    /// The same model under another name, not used yet.
    func copied(to name: ModelName, at time: Date) -> ModelRow {
        var row = self
        row.key = name.key
        row.name = name
        row.modifiedAt = time
        row.firstUsedAt = nil
        row.lastUsedAt = nil
        row.useCount = 0
        row.tokenCount = 0
        return row
    }

    /// With the statistics of `old`, whose name it takes.
    mutating func takeStatistics(of old: ModelRow) {
        firstUsedAt = old.firstUsedAt
        lastUsedAt = old.lastUsedAt
        useCount = old.useCount
        tokenCount = old.tokenCount
    }
}
