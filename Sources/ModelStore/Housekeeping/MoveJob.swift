import Foundation
import Security

/// Moves all contents to one model folder, one after the other. After each the store is whole, so a move that was cut
/// short goes on where it was when it is asked for again.
struct MoveJob: Sendable {
    let target: URL
    let vault: Vault
    let progress: @Sendable (ImportProgress) -> Void

    func run(transfers: BlockingQueue, changes: BlockingQueue) async throws -> MoveResult {
        try await transfers.run { _ in try requireRoom() }
        let (folder, workspace) = try await changes.run { try vault.beginMove(to: target, $0) }
        let outcome: Result<MoveResult, any Error>
        do {
            outcome = .success(try await move(to: folder, workspace, transfers: transfers, changes: changes))
        } catch {
            outcome = .failure(error)
        }
        _ = try? await changes.run { _ in try vault.remove([folder: workspace]) }
        return try outcome.get()
    }

    private func move(
        to folder: FolderLayout, _ workspace: ImportWorkspace, transfers: BlockingQueue, changes: BlockingQueue
    ) async throws -> MoveResult {
        let waiting = try await transfers.run { _ in try vault.contents(outside: folder) }
        let total = waiting.reduce(0) { $0 + $1.byteCount }
        var done: Int64 = 0
        var (moved, byteCount) = (0, Int64(0))
        var copied: Int64 = 0
        for (index, blob) in waiting.enumerated() {
            try Task.checkCancellation()
            let start = done
            let report: @Sendable (ImportProgress) -> Void = { step in
                progress(ImportProgress(phase: .copying, completed: start + step.completed, total: total))
            }
            let content = workspace.content(index).path
            let move = ContentMove(blob: blob, target: folder, content: content, vault: vault)
            if let arrival = try await transfers.run({ try move.prepare($0, progress: report) }),
                try await changes.run({ try move.commit(arrival, $0) })
            {
                moved += 1
                byteCount += blob.byteCount
                if arrival.isCopy { copied += blob.byteCount }
            }
            report(ImportProgress(phase: .copying, completed: blob.byteCount, total: blob.byteCount))
            done += blob.byteCount
        }
        let left = try await transfers.run { _ in try vault.models(outside: folder) }
        return MoveResult(
            path: folder.base.path, contentCount: moved, byteCount: byteCount, copiedByteCount: copied,
            leftBehind: left)
    }

    /// Refuses before anything is created or moved when what must be copied does not fit.
    private func requireRoom() throws {
        if let kind = try FileSystem.status(of: target.path)?.kind, kind != .folder {
            throw ModelStoreError.unusableFolder(path: target.path, reason: "it is \(kind.text)")
        }
        var existing = target.standardizedFileURL
        while try FileSystem.status(of: existing.path) == nil, existing.path != "/" {
            existing = existing.deletingLastPathComponent()
        }
        guard let device = try FileSystem.status(of: existing.path)?.device else { return }
        let folders = try vault.folders()
        let path = target.standardizedFileURL.path
        let needed = try vault.contents(outside: nil).reduce(Int64(0)) { sum, blob in
            guard let folder = folders[blob.folder], folder.base.standardizedFileURL.path != path,
                try FileSystem.status(of: folder.blobs.path)?.device != device
            else { return sum }
            return sum + blob.byteCount
        }
        let available = try FileSystem.freeByteCount(at: existing.path)
        guard needed <= available else {
            throw ModelStoreError.noSpace(path: existing.path, needed: needed, available: available)
        }
    }
}
