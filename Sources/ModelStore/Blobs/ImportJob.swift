import Foundation

/// One import: check, transfer, commit, clear away; the slow part without the store's lock.
struct ImportJob: Sendable {
    let path: String
    let name: ModelName
    let linking: ImportLinking
    let source: String
    let isReplacing: Bool
    let vault: Vault
    let progress: @Sendable (ImportProgress) -> Void

    func run(transfers: BlockingQueue, changes: BlockingQueue) async throws -> ModelRecord {
        // Before anything is written: no long copy of what is refused in the end.
        try await transfers.run { _ in try inspectSource() }
        let workspace = try await changes.run { try vault.createWorkspace($0) }
        let outcome: Result<ModelRecord, any Error>
        do {
            let entry = try await transfers.run { try transfer(into: workspace, $0) }
            outcome = .success(try await changes.run { try vault.commit(workspace, entry, $0) })
        } catch {
            outcome = .failure(error)
        }
        // Also after the task was cancelled. What cannot be cleared away now, the next start clears away.
        _ = try? await changes.run { _ in try vault.remove(workspace) }
        return try outcome.get()
    }

    private func inspectSource() throws {
        let byteCount = try ContentTransfer.open(path).status().byteCount
        progress(ImportProgress(phase: .validating, completed: 0, total: byteCount))
        _ = try ModelFacts(inspecting: path, shownAs: path)
        if !isReplacing, let other = try vault.database.readBlocking({ try $0.recordIfPresent(of: name) }),
            other.byteCount != byteCount
        {
            throw ModelStoreError.alreadyExists(other.name, digest: other.digest)
        }
        progress(ImportProgress(phase: .validating, completed: byteCount, total: byteCount))
    }

    private func transfer(into workspace: ImportWorkspace, _ cancellation: Cancellation) throws -> Vault.Entry {
        let transfer = ContentTransfer(
            source: path, target: workspace.content.path, linking: linking, cancellation: cancellation,
            progress: progress)
        let content = try transfer.run()
        // What counts is what arrived: the source may have changed since it was checked.
        let facts = try ModelFacts(inspecting: workspace.content.path, shownAs: path)
        vault.observe(.contentTransferred)
        progress(ImportProgress(phase: .committing, completed: 0, total: content.status.byteCount))
        return Vault.Entry(
            name: name, source: source, shownPath: path, isReplacing: isReplacing, facts: facts, content: content)
    }
}
