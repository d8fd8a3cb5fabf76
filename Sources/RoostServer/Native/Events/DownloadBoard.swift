import Foundation
import Roost

/// The downloads that clients of this server see: those of all processes on the store, and for a while how those ended
/// that are over.
actor DownloadBoard {
    /// What a download can be: its own states, and what becomes of one that others work on.
    static let states = [
        "queued", "downloading", "paused", "verifying", "completed", "failed", "interrupted", "cancelled",
    ]
    /// After these nothing more comes.
    static let endStates: Set = ["completed", "failed", "cancelled"]
    /// Ends that are remembered.
    private static let mostEnds = 64

    private struct Begun {
        let summary: DownloadSummary
        let download: ModelDownload
    }

    private let manager: ModelManager
    /// What this server works on.
    private var begun: [String: Begun] = [:]
    /// The oldest first.
    private var ends: [DownloadSummary] = []

    init(manager: ModelManager) { self.manager = manager }

    // MARK: Begin and go on

    /// Begins a download; of one that is under way it gives the state.
    ///
    /// - Throws: `ModelHubError`, `ModelStoreError`, `RoostError`, `DownloadError`.
    func start(_ reference: String, _ options: DownloadOptions) async throws -> DownloadSummary {
        let plan = try await manager.downloadPlan(reference, options: options)
        func summary(_ state: String) -> DownloadSummary {
            DownloadSummary(plan, reference: reference, options: options, state: state, createdAt: .now)
        }
        if plan.isComplete { return summary("completed") }
        let id = DownloadTicket.id(of: plan.name.description)
        let known = try await item(id)
        if let free = plan.freeByteCount, plan.fetchByteCount > free, known == nil {
            throw RoostError.noSpace(
                model: plan.name.display, needed: plan.fetchByteCount, available: free,
                folder: manager.store.root.path)
        }
        let download = try await manager.download(reference, options: options)
        follow(download, as: known.map { DownloadSummary($0) } ?? summary("queued"))
        return try await self.summary(id) ?? summary("queued")
    }

    /// Goes on with a download that was paused, interrupted or failed.
    ///
    /// - Throws: `RoostError.noDownload`, `ModelHubError`, `DownloadError`.
    func resume(_ name: String) async throws -> DownloadSummary {
        let item = try await require(name)
        let id = item.ticket.id
        if item.isRunning {
            try await manager.send(.resume, toDownload: id)
        } else {
            for download in try await manager.resumeDownloads(named: id, includingPaused: true) {
                follow(download, as: DownloadSummary(item))
            }
        }
        return try await summary(id) ?? DownloadSummary(item)
    }

    /// Pauses, cancels or limits a download.
    ///
    /// - Throws: `RoostError.noDownload`, `DownloadError`.
    func send(_ command: DownloadCommand, to name: String) async throws -> DownloadSummary {
        let item = try await require(name)
        let delivery = try await manager.send(command, toDownload: item.ticket.id)
        let before = DownloadSummary(item)
        if command == .cancel, delivery == .applied { end(before.ended("cancelled")) }
        return try await summary(item.ticket.id) ?? before
    }

    private func follow(_ download: ModelDownload, as summary: DownloadSummary) {
        guard begun[summary.id]?.download !== download else { return }
        begun[summary.id] = Begun(summary: summary, download: download)
        Task {
            let failure: (any Error)?
            do {
                _ = try await download.value()
                failure = nil
            } catch {
                failure = error
            }
            over(summary.id, download, failure)
        }
    }

    private func over(_ id: String, _ download: ModelDownload, _ failure: (any Error)?) {
        guard let entry = begun[id], entry.download === download else { return }
        begun[id] = nil
        let last = entry.summary.taking(download.currentProgress)
        switch failure {
        case nil: end(last.ended("completed"))
        case DownloadError.cancelled?: end(last.ended("cancelled"))
        // It goes on another time.
        case DownloadError.shutDown?, is CancellationError: break
        case let error?: end(last.ended("failed", failure: "\(error)"))
        }
    }

    private func end(_ summary: DownloadSummary) {
        ends.removeAll { $0.id == summary.id }
        ends.append(summary)
        if ends.count > Self.mostEnds { ends.removeFirst() }
    }

    // MARK: Look

    /// The downloads that are not over, the highest priority first, then the oldest.
    ///
    /// - Throws: `DownloadError` when their folder cannot be read.
    func current() async throws -> [DownloadSummary] {
        let items = try await manager.downloads()
        let known = Set(items.map(\.ticket.id))
        let young = begun.values.filter { !known.contains($0.summary.id) }
            .map { $0.summary.taking($0.download.currentProgress) }
            .filter { !Self.endStates.contains($0.state) }
        return items.map { item in
            let summary = DownloadSummary(item)
            // What this process does itself it knows better than its ticket, which is written twice a second.
            guard item.isRunning, let own = begun[item.ticket.id] else { return summary }
            let newer = summary.taking(own.download.currentProgress)
            return Self.endStates.contains(newer.state) ? summary : newer
        } + young.sorted { $0.createdAt < $1.createdAt }
    }

    /// One download, by its number or its model's name, also when it is over and not forgotten.
    ///
    /// - Throws: `DownloadError` when the folder cannot be read.
    func summary(_ name: String) async throws -> DownloadSummary? {
        let items = try await manager.downloads()
        let id = items.first { $0.answers(to: name) }?.ticket.id
        return try await current().first { $0.id == id ?? name || $0.model == name || $0.reference == name }
            ?? ends.last { $0.id == name || $0.model == name || $0.reference == name }
    }

    /// What became of a download that is no longer among the current ones.
    func end(of summary: DownloadSummary) async -> DownloadSummary {
        if let end = ends.last(where: { $0.id == summary.id }),
            end.createdAt >= summary.createdAt || end.state != "failed"
        {
            return end
        }
        // Another process worked on it: it is in the store now, or nobody wanted it.
        let isHere = (try? await manager.model(named: summary.model)) != nil
        return summary.ended(isHere ? "completed" : "cancelled")
    }

    private func item(_ id: String) async throws -> LedgerItem? {
        try await manager.downloads().first { $0.ticket.id == id }
    }

    private func require(_ name: String) async throws -> LedgerItem {
        let items = try await manager.downloads()
        guard let item = items.first(where: { $0.answers(to: name) }) else {
            throw RoostError.noDownload(name: name, running: items.map(\.ticket.name))
        }
        return item
    }
}
