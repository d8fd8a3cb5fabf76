import Foundation

extension Vault {
    /// The path of a content that may be loaded.
    func location(of record: ModelRecord, _ cancellation: Cancellation) throws -> URL {
        let url = layout.blob(record.digest)
        guard let status = try status(of: record.digest) else {
            throw ModelStoreError.blobMissing(record.name, path: url.path)
        }
        if let blob = try database.readBlocking({ try $0.blob(record.digest) }), blob.matches(status) { return url }
        switch try verify(record, cancellation: cancellation, progress: { _ in }).outcome {
        case .intact: return url
        case .missing: throw ModelStoreError.blobMissing(record.name, path: url.path)
        case .damaged(let found, _):
            throw ModelStoreError.digestMismatch(record.name, expected: record.digest, found: found)
        }
    }
}
