import Foundation
import GRDB
import Security

/// The models on this machine: content-addressed files and a database of what they are.
///
/// ```swift
/// let store = try await ModelStore(root: folder)
/// let record = try await store.importFile(at: file, as: ModelName(parsing: "gemma3"))
/// print(record.digest, try await store.location(of: record.name).path)
/// ```
///
/// A model is one or more files: weights, in parts if they are large, and what goes with them. A content is stored
/// once, in `blobs/sha256-<hex>` of a model folder, whatever number of names refers to it. Any number of processes
/// may use one folder at the same time, and each may be killed at any moment: the next one to open the store clears
/// away what was half done. Work that blocks runs on threads of the store's own.
public actor ModelStore {
    /// The folder that holds the store.
    public nonisolated let root: URL

    let vault: Vault
    /// Uses that are not in the database yet.
    var pendingUses: [ModelName: PendingUses] = [:]
    /// Writes ``pendingUses``; `nil` when there is nothing to write.
    var writingUses: Task<Void, any Error>?
    /// Copies and hashes.
    private let transfers = BlockingQueue(label: "roost.store.transfers", isSerial: false)
    /// Changes under the store's lock, one after the other.
    private let changes: BlockingQueue

    /// Opens the store in `root`, creating folders (for this user only) and database as needed.
    ///
    /// - Parameters:
    ///   - root: The folder of the database, of the lock and of a model folder.
    ///   - modelFolders: Further folders for contents, for example on larger disks. New content goes to the first of
    ///     them; without any, to the one that ``move(to:progress:)`` chose, else to `root`. A folder that was once
    ///     given is remembered.
    /// - Throws: ``ModelStoreError`` when the folder cannot be made or written, when the database is damaged or newer
    ///   than this program, or when another process holds the store's lock for 30 seconds.
    public init(root: URL, modelFolders: [URL] = []) async throws {
        try await self.init(root: root, modelFolders: modelFolders, now: { Date() }, observe: { _ in })
    }

    /// As above, with the time and a witness of each step from outside.
    init(
        root: URL, modelFolders: [URL] = [], now: @escaping @Sendable () -> Date,
        observe: @escaping @Sendable (StoreStep) -> Void
    ) async throws {
        let root = root.standardizedFileURL
        self.root = root
        let changes = BlockingQueue(label: "roost.store.changes", isSerial: true)
        self.changes = changes
        vault = try await changes.run { cancellation in
            try Vault(
                root: root, modelFolders: modelFolders, now: now, observe: observe, cancellation: cancellation)
        }
    }

    /// Where the content with this digest would be in the root's own model folder. Where it is says
    /// ``ModelFileRecord/path``.
    public nonisolated func blobURL(for digest: Digest) -> URL {
        StoreLayout(root: root).home.blob(digest)
    }

    /// The folder for headers of models that are elsewhere, which counts as the store's disk use and which anybody may
    /// empty at any time. The store itself puts nothing there.
    public nonisolated var headerCache: URL { StoreLayout(root: root).headerCache }

    /// All models, sorted by name.
    public func models() async throws -> [ModelRecord] {
        try await vault.database.read { [root] in try $0.models(root: root) }
    }

    /// The model with this name.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)`` with near names.
    public func model(named name: ModelName) async throws -> ModelRecord {
        try await vault.database.read { [root] in try $0.model(name, root: root) }
    }

    /// Gives the content of `name` a second name; nothing is copied on the disk.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``; ``ModelStoreError/alreadyExists(_:digest:)`` when
    ///   `target` refers to other content.
    public func copy(_ name: ModelName, to target: ModelName) async throws -> ModelRecord {
        let now = vault.now
        return try await vault.database.write { [root] db in
            let row = try db.row(of: name)
            try db.requireFree(target, for: row.identity)
            if try db.rowIfPresent(of: target) == nil {
                let files = try db.files(of: row.key).map { file in
                    var file = file
                    file.modelKey = target.key
                    return file
                }
                try db.enter(row.copied(to: target, at: now()), files, replacing: nil)
            }
            return try db.model(target, root: root)
        }
    }

    /// Gives a model another name. Its use count stays, and it stays active if it was.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``; ``ModelStoreError/alreadyExists(_:digest:)`` when
    ///   another model is called `target`.
    public func rename(_ name: ModelName, to target: ModelName) async throws -> ModelRecord {
        let now = vault.now
        return try await vault.database.write { [root] db in
            let row = try db.row(of: name)
            if name != target, let other = try db.rowIfPresent(of: target) {
                throw ModelStoreError.alreadyExists(other.name, digest: other.digest)
            }
            try db.rename(row, to: target, at: now())
            return try db.model(target, root: root)
        }
    }

    /// Removes a name. The files of its contents go with the last name that refers to them.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    public func remove(_ name: ModelName) async throws -> RemovalResult {
        let vault = vault
        return try await changes.run { try vault.remove(name, $0) }
    }

    /// Makes a model the active one; `nil` for none.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    public func setActive(_ name: ModelName?) async throws {
        try await vault.database.write { try $0.setActive(name) }
    }

    /// The active model, if one is set.
    public func activeModel() async throws -> ModelRecord? {
        try await models().first(where: \.isActive)
    }

    /// The state of files and database, for `roost doctor`. Reads no content; see ``verify(_:progress:)``.
    public func check() async throws -> StoreCheck {
        let vault = vault
        return try await changes.run { try vault.check($0) }
    }

    /// Hashes the model's file again and compares.
    ///
    /// - Parameter progress: Told of each piece, on a thread of the store.
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``, `CancellationError`, and
    ///   ``ModelStoreError/io(path:operation:errno:)`` when the file cannot be read. Damage is a result, not an error.
    public func verify(
        _ name: ModelName, progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> VerificationResult {
        let record = try await model(named: name)
        let vault = vault
        return try await transfers.run { cancellation in
            try vault.verify(record, cancellation: cancellation, progress: progress ?? { _ in })
        }
    }

    /// Where the model's file is, for whoever is about to load it: the first part of weights in parts. Looks that all
    /// its files are there and as recorded; a file with another time is hashed first.
    ///
    /// - Throws: What ``locations(of:)`` throws.
    public func location(of name: ModelName) async throws -> URL {
        guard let url = try await locations(of: name).weights.first else { throw ModelStoreError.noWeights }
        return url
    }

    /// Where all files of the model are: parts in order, projector, adapters, texts. Looks that they are there and as
    /// recorded; a file with another time is hashed first.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``, ``ModelStoreError/blobMissing(_:path:)``,
    ///   ``ModelStoreError/digestMismatch(_:expected:found:)``, ``ModelStoreError/damaged(_:path:)``,
    ///   ``ModelStoreError/folderUnavailable(path:model:)``.
    public func locations(of name: ModelName) async throws -> ModelLocations {
        let record = try await model(named: name)
        let vault = vault
        return try await transfers.run { try vault.locations(of: record, $0) }
    }

    /// Takes files that are here into the store as one model.
    func take(
        _ files: [IntakeFile], as name: ModelName, source: String, provenance: Provenance?, replacing: Bool,
        progress: (@Sendable (ImportProgress) -> Void)?
    ) async throws -> ModelRecord {
        let job = IntakeJob(
            name: name, files: files, source: source, provenance: provenance, isReplacing: replacing, vault: vault,
            progress: progress ?? { _ in })
        return try await job.run(transfers: transfers, changes: changes)
    }

    /// Moves contents to another folder.
    func run(_ job: MoveJob) async throws -> MoveResult {
        try await job.run(transfers: transfers, changes: changes)
    }

    /// Runs a change of the store on the thread of changes, one after the other.
    func onChangeThread<Value: Sendable>(
        _ body: @escaping @Sendable (Cancellation) throws -> Value
    ) async throws -> Value {
        try await changes.run(body)
    }

    /// Runs work that blocks on a thread of the store.
    func onTransferThread<Value: Sendable>(
        _ body: @escaping @Sendable (Cancellation) throws -> Value
    ) async throws -> Value {
        try await transfers.run(body)
    }
}
