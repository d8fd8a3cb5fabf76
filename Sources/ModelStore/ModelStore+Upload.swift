import Foundation
import ModelFormats
public import Security

extension ModelStore {
    /// Begins to take a content that somebody sends. Until a model is registered with it, it waits among the incoming
    /// files, from where a prune takes it away when it is old.
    ///
    /// - Parameter byteCount: Its size in bytes, when that is known.
    /// - Throws: ``ModelStoreError/noSpace(path:needed:available:)``, ``ModelStoreError/folderUnavailable(path:model:)``,
    ///   ``ModelStoreError/io(path:operation:errno:)``.
    public func receive(_ digest: Digest, byteCount: Int64?) async throws -> ContentUpload {
        let vault = vault
        return try await onTransferThread { _ in
            let folder = try vault.defaultFolder(of: try vault.folders()).incoming
            if let byteCount {
                let free = try FileSystem.freeByteCount(at: folder.path)
                guard byteCount <= free else {
                    throw ModelStoreError.noSpace(path: folder.path, needed: byteCount, available: free)
                }
            }
            return try ContentUpload(digest: digest, folder: folder)
        }
    }

    /// Whether the content is here: of a model, or received and waiting for one.
    ///
    /// - Throws: ``ModelStoreError`` when the database or the file system cannot be read.
    public func holds(_ digest: Digest) async throws -> Bool {
        if try await contains(digest) { return true }
        let vault = vault
        return try await onTransferThread { _ in try Self.received(digest, vault) != nil }
    }

    /// Contents that are here, as the files of a model to be registered; what each of them is it says itself.
    ///
    /// - Parameter files: Their names, for showing only, and their digests.
    /// - Returns: The files in the order given; `nil` in the place of one that is not here.
    /// - Throws: ``ModelStoreError/invalidModel(path:reason:)`` with the name of one that is no GGUF file.
    public func incomingFiles(_ files: [(name: String, digest: Digest)]) async throws -> [IncomingFile?] {
        let vault = vault
        return try await onTransferThread { _ in
            let folders = try vault.folders()
            return try files.map { name, digest in
                let waiting = try Self.received(digest, vault)
                let present = try vault.intactPath(of: digest, byteCount: nil, folders)
                guard let path = present ?? waiting?.path else { return nil }
                var file = try Self.file(name, path)
                file.digest = digest
                if present == nil {
                    file.url = waiting
                    file.isVerified = true
                }
                return file
            }
        }
    }

    private static func received(_ digest: Digest, _ vault: Vault) throws -> URL? {
        for folder in try vault.folders().all where try folder.isAvailable() {
            let url = folder.incoming.appendingPathComponent(digest.fileName, isDirectory: false)
            if try FileSystem.status(of: url.path, followingLinks: false)?.kind == .file { return url }
        }
        return nil
    }

    /// What a GGUF file is to a model, by its header.
    private static func file(_ name: String, _ path: String) throws -> IncomingFile {
        let header: GGUFHeader
        do {
            header = try GGUFReader.open(URL(fileURLWithPath: path), access: .copied).header
        } catch {
            throw ModelStoreError.invalidModel(path: name, reason: "\(error)")
        }
        var file = IncomingFile(
            role: .model, name: name, digest: nil, byteCount: nil, url: nil, isVerified: false)
        if header.metadata.string("general.type") == "adapter" {
            file.role = .adapter
        } else if header.metadata.string("general.architecture") == "clip" {
            file.role = .projector
        } else if let part = GGUFSplitSet.part(of: header), part.count > 1 {
            file.role = .shard
            (file.index, file.count) = (part.number, part.count)
        }
        return file
    }
}
