import Downloads
import Foundation
import ModelHubs
import ModelStore
import Security

/// The way of one model from a name to the store.
struct ModelDownloadJob: Sendable {
    let text: String
    let options: DownloadOptions
    let planner: DownloadPlanner
    let downloader: Downloader
    let ledger: DownloadLedger
    let store: ModelStore

    private static let ticketInterval = Duration.milliseconds(500)
    private static let attachInterval = Duration.milliseconds(250)

    func run(_ download: ModelDownload) async throws -> ModelRecord {
        let feed = download.broadcast
        do {
            var plan = try await planner.plan(text, options)
            feed.update { progress in
                progress.model = plan.name.display
                progress.files = plan.files.map { Self.row($0) }
            }
            if plan.isComplete {
                let record = try await store.model(named: plan.name)
                feed.finish { $0.complete() }
                return record
            }
            try await checkSpace(plan)
            let (claim, hasWaited) = try await claim(plan, feed)
            do {
                // Whoever had it before has brought some or all of it.
                if hasWaited { plan = try await planner.plan(text, options) }
                let record =
                    plan.isComplete
                    ? try await store.model(named: plan.name) : try await work(plan, download, claim)
                try await OffPool.run { try claim.finish(.completed) }
                feed.finish { $0.complete() }
                return record
            } catch {
                // Every way out leaves the ticket as the next run wants to find it.
                let end = await end(of: download, error)
                if end == .cancelled { await discard(plan) }
                try? await OffPool.run { try claim.finish(end) }
                throw error
            }
        } catch {
            feed.finish { $0.end(Self.isPause(error) ? .paused : .failed) }
            throw error
        }
    }

    private func end(of download: ModelDownload, _ error: any Error) async -> LedgerClaim.End {
        if await download.isCancelled { return .cancelled }
        guard Self.isPause(error) else { return .failed("\(error)") }
        return await download.isInterrupted ? .interrupted : .paused
    }

    // MARK: Steps

    /// Refuses before the first byte what cannot end well.
    private func checkSpace(_ plan: DownloadPlan) async throws {
        guard let free = plan.freeByteCount, plan.fetchByteCount > free else { return }
        // What an earlier run began has its space already; the downloads look after the rest themselves.
        guard try await item(named: plan.name) == nil else { return }
        throw RoostError.noSpace(
            model: plan.name.display, needed: plan.fetchByteCount, available: free, folder: store.root.path)
    }

    private func item(named name: ModelName) async throws -> LedgerItem? {
        let id = DownloadTicket.id(of: name.description)
        return try await OffPool.run { try ledger.tickets().first { $0.ticket.id == id } }
    }

    /// The right to do it; while another process has it, its progress is this one's.
    private func claim(
        _ plan: DownloadPlan, _ feed: ProgressBroadcast<ModelDownloadProgress>
    ) async throws -> (LedgerClaim, hasWaited: Bool) {
        let ticket = DownloadTicket(
            name: plan.name.description, reference: text, options: options.ticketFields,
            files: plan.files.map {
                TicketFile(name: $0.file.path.description, digest: $0.file.digest, byteCount: $0.file.byteCount)
            },
            totalByteCount: plan.byteCount, priority: options.priority, bandwidthLimit: options.bandwidthLimit)
        var hasWaited = false
        while true {
            try Task.checkCancellation()
            if let claim = try await OffPool.run({ try ledger.claim(ticket) }) { return (claim, hasWaited) }
            hasWaited = true
            if let running = try await item(named: plan.name), running.isRunning {
                feed.update { $0.follow(running.ticket) }
            }
            try await Task.sleep(for: Self.attachInterval)
        }
    }

    private func work(
        _ plan: DownloadPlan, _ download: ModelDownload, _ claim: LedgerClaim
    ) async throws -> ModelRecord {
        try await withThrowingTaskGroup(of: ModelRecord?.self) { group in
            group.addTask {
                for await command in claim.commands {
                    await download.obey(command)
                    try? await OffPool.run { try claim.update { $0.note(command) } }
                }
                return nil
            }
            group.addTask {
                for await progress in download.progress {
                    try? await OffPool.run { try claim.update { $0.take(progress) } }
                    try? await Task.sleep(for: Self.ticketInterval)
                }
                return nil
            }
            group.addTask { try await fetchAndRegister(plan, download) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private func fetchAndRegister(_ plan: DownloadPlan, _ download: ModelDownload) async throws -> ModelRecord {
        var plan = plan
        while true {
            let files = try await fetch(plan, download)
            do {
                return try await register(plan, files, download.broadcast)
            } catch let error as ModelStoreError {
                // Another program's file that is not what it claims to be is no reason to go without the model.
                guard let failed = plan.adoptedFile(refusedBy: error) else { throw error }
                plan = plan.fetching(failed)
            }
        }
    }

    /// Brings the files that must come over the network; by their place in the plan.
    private func fetch(_ plan: DownloadPlan, _ download: ModelDownload) async throws -> [Int: DownloadedFile] {
        let feed = download.broadcast
        return try await withThrowingTaskGroup(of: (Int, DownloadedFile).self) { group in
            for (index, planned) in plan.files.enumerated() where planned.action == .fetch {
                try await download.untilWanted()
                let request = try await request(for: planned.file)
                let part = try await downloader.download(request)
                await download.add(part)
                group.addTask {
                    async let watching: Void = watch(part, index, feed)
                    // Whoever is cancelled rests below, and is at rest before the next one begins.
                    let file = try await part.value()
                    await watching
                    return (index, file)
                }
            }
            var files: [Int: DownloadedFile] = [:]
            do {
                for try await (index, file) in group { files[index] = file }
            } catch {
                await download.rest()
                throw error
            }
            return files
        }
    }

    private func watch(_ part: Download, _ index: Int, _ feed: ProgressBroadcast<ModelDownloadProgress>) async {
        for await step in part.progress {
            feed.update { $0.take(step, at: index) }
        }
    }

    private func request(for file: ModelFile) async throws -> DownloadRequest {
        let identity: DownloadRequest.Identity =
            if let digest = file.digest, let byteCount = file.byteCount { .pinned(digest, byteCount: byteCount) } else {
                .unpinned
            }
        let folders = try await store.intake(byteCount: file.byteCount ?? 0)
        return DownloadRequest(
            identity: identity,
            sources: file.sources.map { source in
                let secret = source.credential?.authorization(for: source.url)?.split(separator: " ").last
                return DownloadSource(source.url, token: secret.flatMap { BearerToken(String($0), for: source.url) })
            },
            destination: folders.incoming, partialFolder: folders.partial, quarantineFolder: folders.quarantine,
            bandwidthLimit: options.bandwidthLimit, priority: options.priority)
    }

    private func register(
        _ plan: DownloadPlan, _ fetched: [Int: DownloadedFile], _ feed: ProgressBroadcast<ModelDownloadProgress>
    ) async throws -> ModelRecord {
        feed.update { $0.state = .verifying }
        let model = plan.incomingModel(fetched, licenseText: await licenseText(of: plan))
        return try await store.register(model, replacing: true, linking: .automatic)
    }

    /// Removes what any run has left of the plan's files, also of those that this run had not begun.
    private func discard(_ plan: DownloadPlan) async {
        let others = (try? await OffPool.run { try ledger.tickets() }) ?? []
        let own = DownloadTicket.id(of: plan.name.description)
        let shared = Set(others.filter { $0.ticket.id != own }.flatMap { $0.ticket.files.compactMap(\.digest) })
        for file in plan.files where file.action == .fetch {
            guard let digest = file.file.digest, !shared.contains(digest),
                let folders = try? await store.intake(byteCount: file.file.byteCount ?? 0)
            else { continue }
            try? await OffPool.run { try Downloader.discard(digest, partialFolder: folders.partial) }
        }
    }

    private func licenseText(of plan: DownloadPlan) async -> String? {
        guard let file = plan.licenseFile else { return nil }
        guard let bytes = try? await planner.sources.finder.content(of: file) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    // MARK: Words

    private static func row(_ planned: DownloadPlan.File) -> ModelDownloadProgress.File {
        let isHere = planned.action == .keep
        let byteCount = planned.file.byteCount
        return ModelDownloadProgress.File(
            name: planned.file.path.description, digest: planned.file.digest, state: isHere ? .completed : .queued,
            completedByteCount: isHere ? byteCount ?? 0 : 0, totalByteCount: byteCount, bytesPerSecond: 0,
            connectionCount: 0)
    }

    private static func isPause(_ error: any Error) -> Bool {
        if error is CancellationError { return true }
        if case DownloadError.shutDown = error { return true }
        return false
    }
}
