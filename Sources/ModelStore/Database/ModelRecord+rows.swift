import Foundation
import Security

extension ModelRecord {
    /// `nil` when a content of the model has no row, which only damage to the database brings about.
    init?(
        _ row: ModelRow, _ files: [ModelFileRow], _ blobs: [Digest: BlobRow], _ folders: FolderSet, isActive: Bool
    ) {
        let records = files.compactMap { file -> ModelFileRecord? in
            guard let blob = blobs[file.digest], let folder = folders[blob.folder] else { return nil }
            return ModelFileRecord(
                role: file.role, name: file.name, digest: file.digest, byteCount: blob.byteCount, source: file.source,
                path: folder.blob(file.digest).path, isDamaged: blob.damagedAt != nil)
        }
        guard !records.isEmpty, records.count == files.count else { return nil }
        let contents = files.compactMap { blobs[$0.digest] }
        // A file that was never verified makes the whole unverified.
        let verified = contents.map(\.lastVerifiedAt)
        self.init(
            name: row.name, digest: row.digest, identity: row.identity,
            byteCount: records.filter(\.role.isWeights).reduce(0) { $0 + $1.byteCount },
            totalByteCount: records.reduce(0) { $0 + $1.byteCount }, files: records, format: row.format,
            architecture: row.architecture, parameterCount: row.parameterCount, quantization: row.quantization,
            contextLength: row.contextLength, embeddingLength: row.embeddingLength, capabilities: row.capabilities,
            hasChatTemplate: row.hasChatTemplate, license: row.license ?? row.hubLicense, title: row.title,
            source: row.source, provenance: row.provenance,
            createdAt: contents.map(\.createdAt).max() ?? row.modifiedAt, modifiedAt: row.modifiedAt,
            firstUsedAt: row.firstUsedAt, lastUsedAt: row.lastUsedAt, useCount: row.useCount,
            tokenCount: row.tokenCount,
            lastVerifiedAt: verified.contains(nil) ? nil : verified.compactMap(\.self).min(), isActive: isActive)
    }
}
