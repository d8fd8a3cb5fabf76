import Foundation
import GRDB

/// Uses of one model that wait to be written.
struct PendingUses: Sendable {
    var count = 0
    var lastUsedAt = Date.distantPast
}

extension ModelStore {
    /// Counts a use of the model and notes the time; returns when that is in the database.
    ///
    /// Uses that come while others are being written are written together, so that a busy server waits for the disk a
    /// few times a second and not once per request.
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    public func recordUse(of name: ModelName) async throws {
        _ = try await vault.database.read { try $0.row(of: name) }
        pendingUses[name, default: PendingUses()].count += 1
        pendingUses[name, default: PendingUses()].lastUsedAt = vault.now()
        if let writingUses { return try await writingUses.value }
        let task = Task { try await writePendingUses() }
        writingUses = task
        try await task.value
    }

    private func writePendingUses() async throws {
        defer { writingUses = nil }
        while !pendingUses.isEmpty {
            let batch = pendingUses
            pendingUses = [:]
            try await vault.database.write { db in
                for (name, uses) in batch {
                    // A model that was removed meanwhile has no count.
                    guard var row = try db.rowIfPresent(of: name) else { continue }
                    row.useCount += uses.count
                    row.lastUsedAt = uses.lastUsedAt
                    try row.update(db)
                }
            }
        }
    }
}
