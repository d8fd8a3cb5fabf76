import Foundation
import GRDB
public import Security

extension ModelStore {
    /// Enters a model whose files are here.
    ///
    /// Every file is checked before anything is visible: weights, parts that must belong together, projector, adapters
    /// and texts. Either the whole model is in the store afterwards or nothing is. Contents that the store has already
    /// are shared. A file that was brought here for the store (``IncomingFile/mayLink`` is `false`) and is not what it
    /// should be is put into the quarantine folder, beside a text that says why.
    /// - Parameters:
    ///   - model: The model and its files.
    ///   - replacing: Whether its name may be taken from other content that has it now.
    ///   - linking: How the content of files that stay where they are gets into the store.
    ///   - progress: Told of each piece, on a thread of the store.
    /// - Throws: ``ModelStoreError``; `CancellationError` when the task was cancelled. The store is then as before.
    public func register(
        _ model: IncomingModel, replacing: Bool, linking: ImportLinking = .linkOnly,
        progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> ModelRecord {
        var files = try Self.inOrder(model.files).map { file in
            let origin: IntakeFile.Origin =
                switch file.url {
                case nil: file.text.map { .text($0) } ?? .present
                case let url? where file.mayLink: .file(path: url.path, linking: linking)
                case let url?: .takenOver(path: url.path)
                }
            return IntakeFile(
                role: file.role, name: Self.storable(file.name), source: file.source.map(Self.storable), origin: origin,
                expected: file.digest, byteCount: file.byteCount, isVerified: file.isVerified && file.digest != nil,
                pieces: file.pieces)
        }
        if let text = model.licenseText, !files.contains(where: { $0.role == .license }) {
            files.append(IntakeFile(role: .license, name: "LICENSE", source: nil, origin: .text(text)))
        }
        return try await take(
            files, as: model.name, source: model.provenance.reference, provenance: model.provenance,
            replacing: replacing, progress: progress)
    }

    /// Whether the store has this content, whole and not known to be damaged.
    ///
    /// - Parameter byteCount: Its size in bytes; `nil` when that is not known.
    /// - Throws: ``ModelStoreError`` when the database or the file system cannot be read.
    public func contains(_ digest: Digest, byteCount: Int64? = nil) async throws -> Bool {
        let vault = vault
        return try await onTransferThread { _ in
            try vault.intactPath(of: digest, byteCount: byteCount, try vault.folders()) != nil
        }
    }

    /// The folders for a content of so many bytes that is on its way into the store.
    ///
    /// - Throws: ``ModelStoreError/folderUnavailable(path:model:)``.
    public func intake(byteCount: Int64) async throws -> IntakeFolders {
        let vault = vault
        return try await onTransferThread { _ in try vault.defaultFolder(of: try vault.folders()).intake }
    }

    /// The database's text ends at a zero.
    private static func storable(_ text: String) -> String { text.filter { $0 != "\0" } }

    /// Weights first, parts in order.
    private static func inOrder(_ files: [IncomingFile]) throws -> [IncomingFile] {
        let shards = files.filter { $0.role == .shard }.sorted { ($0.index ?? 0) < ($1.index ?? 0) }
        for (index, shard) in shards.enumerated() where shard.index != index || shard.count != shards.count {
            throw ModelStoreError.invalidModel(
                path: shard.name,
                reason:
                    "it is listed as part \((shard.index ?? 0) + 1) of \(shard.count ?? 0), and \(shards.count) parts "
                    + "are listed")
        }
        let single = files.filter { $0.role == .model }
        guard single.count + (shards.isEmpty ? 0 : 1) == 1 else { throw ModelStoreError.noWeights }
        return single + shards + files.filter { !$0.role.isWeights }
    }
}
