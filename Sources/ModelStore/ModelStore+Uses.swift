import Foundation
import GRDB

/// Uses of one model that wait to be written.
struct PendingUses: Sendable {
    var count = 0
    var tokenCount = 0
    /// `nil` while only tokens were reported.
    var firstUsedAt: Date?
    var lastUsedAt: Date?
}

extension ModelStore {
    /// Counts a use of the model and notes the time; returns when that is in the database.
    ///
    /// Uses that come while others are being written are written together, so that a busy server waits for the disk a
    /// few times a second and not once per request.
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    public func recordUse(of name: ModelName) async throws {
        let now = vault.now()
        try await record(name) { uses in
            uses.count += 1
            uses.firstUsedAt = uses.firstUsedAt ?? now
            uses.lastUsedAt = now
        }
    }

    /// Adds to the tokens that the model has generated; returns when that is in the database.
    ///
    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    public func recordTokens(_ count: Int, of name: ModelName) async throws {
        try await record(name) { $0.tokenCount += max(0, count) }
    }

    private func record(_ name: ModelName, _ change: (inout PendingUses) -> Void) async throws {
        _ = try await vault.database.read { try $0.row(of: name) }
        change(&pendingUses[name, default: PendingUses()])
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
                    row.tokenCount += uses.tokenCount
                    row.firstUsedAt = row.firstUsedAt ?? uses.firstUsedAt
                    row.lastUsedAt = uses.lastUsedAt ?? row.lastUsedAt
                    try row.update(db)
                }
            }
        }
    }
}
