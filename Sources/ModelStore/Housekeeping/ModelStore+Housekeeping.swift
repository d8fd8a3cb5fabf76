import Foundation
import GRDB
import Security

extension ModelStore {
    /// What could go to free room. Changes nothing.
    ///
    /// - Throws: ``ModelStoreError`` when the database or a folder cannot be read.
    public func prunePlan(_ options: PruneOptions = PruneOptions()) async throws -> PrunePlan {
        let vault = vault
        return try await onTransferThread { _ in try vault.prunePlan(options) }
    }

    /// Removes what a plan lists, as far as it may still go: what came into use since then stays.
    ///
    /// - Returns: Bytes that were given back.
    /// - Throws: ``ModelStoreError``, `CancellationError`; what was removed until then is gone.
    @discardableResult
    public func perform(_ plan: PrunePlan) async throws -> Int64 {
        let vault = vault
        return try await onChangeThread { try vault.perform(plan, $0) }
    }

    /// Bytes that the removal of these models would give back: contents that no other model refers to.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    public func freedByteCount(removing names: [ModelName]) async throws -> Int64 {
        try await vault.database.read { [root] db in
            let records = try names.map { try db.model($0, root: root) }
            let users = try db.namesByDigest()
            var counted: Set<Digest> = []
            return records.flatMap(\.files).reduce(0) { sum, file in
                guard counted.insert(file.digest).inserted, (users[file.digest] ?? []).allSatisfy(names.contains) else {
                    return sum
                }
                return sum + file.byteCount
            }
        }
    }

    /// What the store takes on the disk.
    ///
    /// - Throws: ``ModelStoreError`` when the database or a folder cannot be read.
    public func diskUse() async throws -> DiskUse {
        let vault = vault
        return try await onTransferThread { _ in try vault.diskUse() }
    }

    /// The files in quarantine, of all model folders that are there.
    ///
    /// - Throws: ``ModelStoreError`` when a folder cannot be read.
    public func quarantinedFiles() async throws -> [QuarantinedFile] {
        let vault = vault
        return try await onTransferThread { _ in try vault.quarantined() }
    }

    /// Removes everything in quarantine.
    ///
    /// - Returns: Bytes that were given back.
    /// - Throws: ``ModelStoreError``.
    @discardableResult
    public func clearQuarantine() async throws -> Int64 {
        var options = PruneOptions()
        options.includesQuarantine = true
        let plan = try await prunePlan(options)
        return try await perform(plan.only(.quarantined))
    }
}
