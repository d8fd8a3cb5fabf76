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
/// A content is stored once, in `blobs/sha256-<hex>`, whatever number of names refers to it. Any number of processes
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
    /// - Throws: ``ModelStoreError`` when the folder cannot be made or written, when the database is damaged or newer
    ///   than this program, or when another process holds the store's lock for 30 seconds.
    public init(root: URL) async throws {
        try await self.init(root: root, now: { Date() }, observe: { _ in })
    }

    /// As above, with the time and a witness of each step from outside.
    init(
        root: URL, now: @escaping @Sendable () -> Date, observe: @escaping @Sendable (StoreStep) -> Void
    ) async throws {
        let root = root.standardizedFileURL
        self.root = root
        let changes = BlockingQueue(label: "roost.store.changes", isSerial: true)
        self.changes = changes
        vault = try await changes.run { cancellation in
            try Vault(root: root, now: now, observe: observe, cancellation: cancellation)
        }
    }

    /// Where the content with this digest is or would be. Says nothing about whether it is there.
    public nonisolated func blobURL(for digest: Digest) -> URL {
        StoreLayout(root: root).blob(digest)
    }

    /// All models, sorted by name.
    public func models() async throws -> [ModelRecord] {
        try await vault.database.read { try $0.models() }
    }

    /// The model with this name.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)`` with near names.
    public func model(named name: ModelName) async throws -> ModelRecord {
        try await vault.database.read { try $0.model(name) }
    }

    /// Gives the content of `name` a second name; nothing is copied on the disk.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``; ``ModelStoreError/alreadyExists(_:digest:)`` when
    ///   `target` refers to other content.
    public func copy(_ name: ModelName, to target: ModelName) async throws -> ModelRecord {
        let now = vault.now
        return try await vault.database.write { db in
            let row = try db.row(of: name)
            try db.requireFree(target, for: row.digest)
            if try db.rowIfPresent(of: target) == nil {
                try ModelRow(name: target, digest: row.digest, source: row.source, modifiedAt: now()).insert(db)
            }
            return try db.model(target)
        }
    }

    /// Gives a model another name. Its use count stays, and it stays active if it was.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``; ``ModelStoreError/alreadyExists(_:digest:)`` when
    ///   another model is called `target`.
    public func rename(_ name: ModelName, to target: ModelName) async throws -> ModelRecord {
        let now = vault.now
        return try await vault.database.write { db in
            let row = try db.row(of: name)
            if name != target, let other = try db.rowIfPresent(of: target) {
                throw ModelStoreError.alreadyExists(other.name, digest: other.digest)
            }
            try db.rename(row, to: target, at: now())
            return try db.model(target)
        }
    }

    /// Removes a name. The content's file goes with the last name that refers to it.
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
        try await vault.database.read { try $0.models().first(where: \.isActive) }
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

    /// Where the model's file is, for whoever is about to load it. Looks that the file is there and as recorded; a
    /// file with another time is hashed first.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``, ``ModelStoreError/blobMissing(_:path:)``,
    ///   ``ModelStoreError/digestMismatch(_:expected:found:)``.
    public func location(of name: ModelName) async throws -> URL {
        let record = try await model(named: name)
        let vault = vault
        return try await transfers.run { try vault.location(of: record, $0) }
    }

    /// Takes a model file into the store.
    ///
    /// The file is checked, then cloned, linked or copied (see ``ImportLinking``) and hashed. Importing the same
    /// content again under the same name changes nothing; a blob found damaged on the way is mended.
    /// - Parameters:
    ///   - url: The `.gguf` file; symbolic links are followed.
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
        guard let name = name ?? ModelName(fileName: url.lastPathComponent) else {
            throw ModelStoreError.invalidName(
                text: url.lastPathComponent, rule: "no name can be made from this file's name; give one")
        }
        let job = ImportJob(
            path: url.path, name: name, linking: linking, source: source ?? url.path, isReplacing: replacing,
            vault: vault, progress: progress ?? { _ in })
        return try await job.run(transfers: transfers, changes: changes)
    }

    /// Runs work that blocks on a thread of the store.
    func onTransferThread<Value: Sendable>(
        _ body: @escaping @Sendable (Cancellation) throws -> Value
    ) async throws -> Value {
        try await transfers.run(body)
    }
}
