import Foundation
import Security

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One model on its way into the store: check, transfer, commit, clear away; the slow part without the store's lock.
struct IntakeJob: Sendable {
    let name: ModelName
    /// Weights first, parts in order.
    let files: [IntakeFile]
    let source: String
    let provenance: Provenance?
    let isReplacing: Bool
    let vault: Vault
    let progress: @Sendable (ImportProgress) -> Void

    func run(transfers: BlockingQueue, changes: BlockingQueue) async throws -> ModelRecord {
        do {
            // Another process may take a file over between two looks at it; once each.
            for _ in files {
                do {
                    return try await take(transfers: transfers, changes: changes)
                } catch let error as ModelStoreError {
                    switch error {
                    case .invalidModel, .io(_, _, ENOENT):
                        guard try await transfers.run({ _ in try wasTakenOver() }) else { throw error }
                    default: throw error
                    }
                }
            }
            return try await take(transfers: transfers, changes: changes)
        } catch {
            // A content that was here may have been removed under the work: then that is what went wrong.
            if case ModelStoreError.invalidModel = error {
                try await transfers.run { _ in try requirePresentContents() }
            }
            // What was brought here and is not what it should be must not be brought here again and again.
            let quarantined = try? await transfers.run { _ in try Quarantine(vault: vault).take(files, after: error) }
            throw quarantined ?? error
        }
    }

    /// Whether a file that was to be handed over is the store's by now.
    private func wasTakenOver() throws -> Bool {
        let folders = try vault.folders()
        return try files.contains { try vault.tookOver($0, folders) }
    }

    /// - Throws: ``ModelStoreError/contentMissing(name:digest:)``.
    private func requirePresentContents() throws {
        let folders = try vault.folders()
        for file in files {
            if case .present = file.origin { _ = try vault.presentPath(of: file, folders) }
        }
    }

    private func take(transfers: BlockingQueue, changes: BlockingQueue) async throws -> ModelRecord {
        // Before anything is written: no long copy of what is refused in the end.
        let targets = try await transfers.run { _ in try inspectSources() }
        let workspaces = try await changes.run { try vault.createWorkspaces(in: targets, $0) }
        let outcome: Result<ModelRecord, any Error>
        do {
            let entry = try await transfers.run { try transfer(targets, workspaces, $0) }
            outcome = .success(try await changes.run { try vault.commit(entry, $0) })
        } catch {
            outcome = .failure(error)
        }
        // Also after the task was cancelled. What cannot be cleared away now, the next start clears away.
        _ = try? await changes.run { _ in try vault.remove(workspaces) }
        let record = try outcome.get()
        // From here on the store has the content under its own name.
        _ = try? await transfers.run { _ in
            for path in files.compactMap(\.takenOverPath) { try FileSystem.unlinkFile(path) }
        }
        return record
    }

    /// Checks what there is to check and says which model folder each file goes to; `nil` for a content that the
    /// store has.
    private func inspectSources() throws -> [FolderLayout?] {
        let folders = try vault.folders()
        var targets: [FolderLayout?] = []
        var facts: [ModelFacts.File] = []
        var total: Int64 = 0
        for file in files {
            switch file.origin {
            case .text:
                targets.append(try vault.defaultFolder(of: folders))
            case .present:
                let path = try vault.presentPath(of: file, folders)
                facts.append(ModelFacts.File(role: file.role, path: path, shownPath: path))
                targets.append(nil)
            case .takenOver(let path) where try vault.tookOver(file, folders):
                // Another process had the same file to hand over and was faster.
                facts.append(
                    ModelFacts.File(role: file.role, path: try vault.presentPath(of: file, folders), shownPath: path))
                targets.append(nil)
            case .file(let path, _), .takenOver(let path):
                let status = try ContentTransfer.open(path).status()
                if let byteCount = file.byteCount, byteCount != status.byteCount, let expected = file.expected {
                    throw ModelStoreError.wrongSize(
                        path: path, digest: expected, expected: byteCount, found: status.byteCount)
                }
                total += status.byteCount
                facts.append(ModelFacts.File(role: file.role, path: path, shownPath: path))
                targets.append(try vault.folder(near: status, folders))
            }
        }
        progress(ImportProgress(phase: .validating, completed: 0, total: total))
        _ = try ModelFacts(inspecting: facts)
        if !isReplacing { try requireFreeName() }
        progress(ImportProgress(phase: .validating, completed: total, total: total))
        return targets
    }

    /// Refuses early what the commit would refuse, as far as sizes and known digests tell.
    private func requireFreeName() throws {
        guard let other = try vault.database.readBlocking({ try $0.recordIfPresent(of: name, root: vault.root) })
        else { return }
        let weights = files.filter(\.role.isWeights)
        let sizes = try weights.compactMap { file in
            try file.path.map { try ContentTransfer.open($0).status().byteCount } ?? file.byteCount
        }
        let isOther =
            sizes.count == weights.count && sizes.reduce(0, +) != other.byteCount
            || (weights.first?.expected).map { $0 != other.digest } ?? false
        if isOther { throw ModelStoreError.alreadyExists(other.name, digest: other.digest) }
    }

    private func transfer(
        _ targets: [FolderLayout?], _ workspaces: [FolderLayout: ImportWorkspace], _ cancellation: Cancellation
    ) throws -> Vault.Entry {
        let meter = TransferMeter(total: try totalByteCount(), progress: progress)
        let folders = try vault.folders()
        var arrived: [ArrivedFile] = []
        var facts: [ModelFacts.File] = []
        for (index, file) in files.enumerated() {
            let report = meter.next(byteCount: try Self.byteCount(of: file))
            if let folder = targets[index], let workspace = workspaces[folder] {
                let target = workspace.content(index).path
                do {
                    let result = try FileTransfer(file: file, target: target, cancellation: cancellation)
                        .run(progress: report)
                    arrived.append(result.arrived(file, at: target, in: folder))
                    facts.append(ModelFacts.File(role: file.role, path: target, shownPath: file.path ?? file.name))
                    continue
                } catch ModelStoreError.io(_, _, let code) where code == ENOENT {
                    guard try vault.tookOver(file, folders) else {
                        throw ModelStoreError.io(path: file.path ?? target, operation: "open", errno: code)
                    }
                }
            }
            guard let digest = file.expected else { throw ModelStoreError.noWeights }
            let path = try vault.presentPath(of: file, folders)
            arrived.append(
                ArrivedFile(role: file.role, name: file.name, source: file.source, digest: digest, arrival: nil))
            facts.append(ModelFacts.File(role: file.role, path: path, shownPath: path))
        }
        // What counts is what arrived: a source may have changed since it was checked.
        let found = try ModelFacts(inspecting: facts)
        vault.observe(.contentTransferred)
        progress(ImportProgress(phase: .committing, completed: 0, total: meter.total))
        return Vault.Entry(
            name: name, source: source, provenance: provenance, isReplacing: isReplacing, facts: found, files: arrived)
    }

    private func totalByteCount() throws -> Int64 {
        try files.reduce(0) { $0 + (try Self.byteCount(of: $1)) }
    }

    private static func byteCount(of file: IntakeFile) throws -> Int64 {
        try file.path.flatMap { try FileSystem.status(of: $0)?.byteCount } ?? 0
    }
}
