import Foundation
import GRDB
import ModelFormats
import Security

/// A row of `blob`: one content.
struct BlobRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "blob"

    var digest: Digest
    var byteCount: Int64
    /// The file's modification time when its content was last known to be right, nanoseconds since 1970.
    var fileModifiedAt: Int64
    var format: String
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
    var createdAt: Date
    var lastVerifiedAt: Date?

    /// Whether a file with this status is, as far as can be told without reading it, the content.
    func matches(_ status: FileStatus) -> Bool {
        status.kind == .file && status.byteCount == byteCount && status.modifiedAt == fileModifiedAt
    }
}

extension BlobRow {
    init(digest: Digest, facts: ModelFacts, status: FileStatus, at time: Date) {
        let summary = facts.summary
        self.init(
            digest: digest, byteCount: status.byteCount, fileModifiedAt: status.modifiedAt, format: "gguf",
            architecture: summary.architecture, title: summary.title, license: summary.license,
            parameterCount: summary.parameterCount, quantization: summary.quantization,
            contextLength: summary.contextLength, embeddingLength: summary.embeddingLength,
            capabilities: Array(summary.capabilities), hasChatTemplate: summary.chatTemplate != nil, createdAt: time,
            lastVerifiedAt: time)
    }
}
