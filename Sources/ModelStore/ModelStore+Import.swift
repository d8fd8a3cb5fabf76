public import Foundation

extension ModelStore {
    /// Takes a model file, the parts of one, or a folder with one model into the store.
    ///
    /// The files are checked, then cloned, linked or copied (see ``ImportLinking``) and hashed. Importing the same
    /// content again under the same name changes nothing; a blob found damaged on the way is mended.
    /// - Parameters:
    ///   - url: The `.gguf` file; symbolic links are followed. One part of a split model stands for all of them, which
    ///     must be in the same folder. A folder stands for the one model in it, with its projector.
    ///   - name: The name it gets; made from the file's name when `nil`.
    ///   - linking: How the content gets into the store.
    ///   - source: What to note as its origin; the file's path when `nil`.
    ///   - replacing: Whether `name` may be taken from other content that has it now.
    ///   - progress: Told of each piece, on a thread of the store.
    /// - Throws: ``ModelStoreError``; `CancellationError` when the task was cancelled. The store is then as before.
    public func importFile(
        at url: URL, as name: ModelName? = nil, linking: ImportLinking = .automatic, source: String? = nil,
        replacing: Bool = false, progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> ModelRecord {
        let found = try await onTransferThread { _ in try ModelFolderScan.files(at: url) }
        guard let first = found.first else { throw ModelStoreError.noWeights }
        let fileName = PartName(first.url.lastPathComponent)?.stem ?? first.url.lastPathComponent
        guard let name = name ?? ModelName(fileName: fileName) else {
            throw ModelStoreError.invalidName(
                text: fileName, rule: "no name can be made from this file's name; give one")
        }
        let files = found.map { file in
            IntakeFile(
                role: file.role, name: file.url.lastPathComponent,
                source: found.count == 1 ? source ?? file.url.path : file.url.path,
                origin: .file(path: file.url.path, linking: linking))
        }
        return try await take(
            files, as: name, source: source ?? url.path, provenance: nil, replacing: replacing, progress: progress)
    }

    /// The files of the model that a path stands for, as ``importFile(at:as:linking:source:replacing:progress:)`` finds
    /// them. Reads no more than headers; blocks.
    ///
    /// - Throws: ``ModelStoreError/missingParts(_:folder:)``, ``ModelStoreError/ambiguousFolder(path:choices:)``.
    public static func modelFiles(at url: URL) throws -> [IncomingFile] {
        let found = try ModelFolderScan.files(at: url)
        let shardCount = found.count { $0.role == .shard }
        return found.enumerated().map { position, file in
            let isShard = file.role == .shard
            return IncomingFile(
                role: file.role, index: isShard ? position : nil, count: isShard ? shardCount : nil,
                name: file.url.lastPathComponent, digest: nil, byteCount: nil, url: file.url, isVerified: false,
                source: file.url.path, mayLink: true)
        }
    }
}
