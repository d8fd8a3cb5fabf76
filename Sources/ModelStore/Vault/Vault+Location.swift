import Foundation

extension Vault {
    /// The paths of a model's files that may be loaded.
    func locations(of record: ModelRecord, _ cancellation: Cancellation) throws -> ModelLocations {
        let folders = try folders()
        var files: [StoreFileRole: [URL]] = [:]
        for file in record.files {
            files[file.role, default: []].append(try location(of: file, record, folders, cancellation))
        }
        return ModelLocations(files: files)
    }

    private func location(
        of file: ModelFileRecord, _ record: ModelRecord, _ folders: FolderSet, _ cancellation: Cancellation
    ) throws -> URL {
        guard let blob = try database.readBlocking({ try $0.blob(file.digest) }), let folder = folders[blob.folder]
        else { throw ModelStoreError.blobMissing(record.name, path: file.path) }
        guard try folder.isAvailable() else {
            throw ModelStoreError.folderUnavailable(path: folder.base.path, model: record.name)
        }
        let url = folder.blob(file.digest)
        guard let status = try status(of: file.digest, in: folder) else {
            throw ModelStoreError.blobMissing(record.name, path: url.path)
        }
        if blob.matches(status) { return url }
        // Not hashed again at each try.
        if blob.isDamaged(status) { throw ModelStoreError.damaged(record.name, path: url.path) }
        let reading = ContentReading(cancellation: cancellation, progress: { _ in })
        switch try verify(file, reading).outcome {
        case .intact: return url
        case .missing: throw ModelStoreError.blobMissing(record.name, path: url.path)
        case .unavailable: throw ModelStoreError.folderUnavailable(path: folder.base.path, model: record.name)
        case .damaged(let found, _):
            throw ModelStoreError.digestMismatch(record.name, expected: file.digest, found: found)
        }
    }
}
