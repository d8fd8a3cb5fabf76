import Foundation
import Security

/// One download from its turn to its end: the lock, what an earlier run left, the transfer.
struct DownloadJob: Sendable {
    let request: DownloadRequest
    let configuration: DownloaderConfiguration
    let transport: Transport
    let limiters: [BandwidthLimiter]
    let slots: DownloadSlots
    let feed: ProgressFeed

    private var paths: DownloadPaths { DownloadPaths(key: request.key, partialFolder: request.partialFolder) }
    /// How often another process's download is looked at.
    private static let attachInterval = Duration.milliseconds(250)
    /// An unpinned file that changes this often at its source is not worth another try.
    private static let maximumChangeCount = 2

    /// Waits for its turn, then fetches, or attaches to another process that does.
    func run() async throws -> DownloadedFile {
        feed.update { $0.state = .queued }
        return try await slots.run(priority: request.priority) {
            try FileCalls.createFolder(request.destination.path)
            try FileCalls.createFolder(paths.partialFolder)
            while true {
                if let file = finishedFile() {
                    // A crash after the last rename leaves a journal that nobody needs.
                    try? discard()
                    return file
                }
                if let lock = try DownloadLock.acquire(paths.lock) {
                    // Whoever had the lock before may have finished just now.
                    let file: DownloadedFile
                    if let finished = finishedFile() {
                        file = finished
                    } else {
                        feed.update { $0.state = .queued }
                        file = try await sharedSlots.run { try await fetch() }
                    }
                    lock.removeFile()
                    return file
                }
                let journal = JournalFile(path: paths.journal, folder: paths.partialFolder).read()
                feed.update {
                    $0.state = .downloading
                    if let map = journal?.map { $0.completedByteCount = map.landedByteCount }
                }
                try await configuration.time.sleep(for: Self.attachInterval)
            }
        }
    }

    /// Removes what an unfinished download left, unless another process works on it.
    func discard() throws { try paths.discard() }

    private var sharedSlots: SharedSlots {
        SharedSlots(
            folder: paths.partialFolder, count: configuration.maximumConcurrentDownloads, time: configuration.time)
    }

    /// A pinned file that is in its place already: it was verified before it came there.
    private func finishedFile() -> DownloadedFile? {
        guard case .pinned(let digest, let byteCount) = request.identity else { return nil }
        let path = request.finishedPath(digest)
        guard FileCalls.byteCount(of: path) == byteCount else { return nil }
        return DownloadedFile(
            url: URL(fileURLWithPath: path), digest: digest, byteCount: byteCount, fetchedByteCount: 0,
            pieces: nil)
    }

    private func fetch() async throws -> DownloadedFile {
        var changeCount = 0
        while true {
            do {
                return try await fetchOnce()
            } catch DownloadError.sourceChanged(let url) {
                changeCount += 1
                guard changeCount <= Self.maximumChangeCount else { throw DownloadError.sourceChanged(url) }
                try JournalFile(path: paths.journal, folder: paths.partialFolder).remove()
            }
        }
    }

    private func fetchOnce() async throws -> DownloadedFile {
        feed.update { $0.state = .downloading }
        var locators = request.sources.map { locator($0) }
        let byteCount: Int64
        let expected: Digest?
        var entityTag: String?
        switch request.identity {
        case .pinned(let digest, let count):
            (expected, byteCount) = (digest, count)
        case .unpinned:
            // Nothing says that two sources have the same file: one of them serves all of it.
            let (locator, location) = try await firstAnswering(locators)
            guard let count = location.totalByteCount else {
                throw DownloadError.lengthUnknown(SourceRules.shown(location.url))
            }
            (expected, byteCount, entityTag) = (nil, count, location.entityTag)
            locators = [locator]
        }
        feed.update { $0.totalByteCount = byteCount }
        let map = earlierMap(byteCount: byteCount, entityTag: entityTag)
        let file = try PartialFile(path: paths.data)
        try file.allocate(
            byteCount: byteCount, margin: configuration.freeSpaceMargin, reserves: configuration.reservesSpace)
        let board = TransferBoard(
            map: map,
            schedule: RunSchedule(
                blocksPerPiece: configuration.pieceByteCount / map.blockByteCount,
                maximumPieceCount: configuration.maximumRunPieceCount, patience: configuration.crawlPatience),
            governor: ConnectionGovernor(
                initial: configuration.initialConnectionCount, maximum: configuration.maximumConnectionCount))
        let context = TransferContext(
            board: board, pool: SourcePool(locators), file: file, transport: transport, limiters: limiters,
            configuration: configuration)
        return try await Transfer(
            context: context, request: request, paths: paths, expected: expected, entityTag: entityTag, feed: feed
        ).run()
    }

    private func locator(_ source: DownloadSource) -> SourceLocator {
        var expected: Int64?
        if case .pinned(_, let byteCount) = request.identity { expected = byteCount }
        return SourceLocator(
            source, transport: transport, expectedByteCount: expected, timeout: configuration.stallTimeout)
    }

    /// What an earlier run has proved to be on the disk; each block is checked again when it is read back.
    private func earlierMap(byteCount: Int64, entityTag: String?) -> BlockMap {
        let fresh = BlockMap(byteCount: byteCount, blockByteCount: configuration.blockByteCount)
        let file = JournalFile(path: paths.journal, folder: paths.partialFolder)
        guard let journal = file.read(), journal.key == request.key, journal.map.byteCount == byteCount else {
            return fresh
        }
        if case .unpinned = request.identity {
            guard let entityTag, journal.validator == entityTag else { return fresh }
        }
        return journal.map
    }

    /// The first source that answers, each with the patience of a transfer.
    private func firstAnswering(_ locators: [SourceLocator]) async throws -> (SourceLocator, SourceLocation) {
        var last: any Error = DownloadError.noSource
        for locator in locators {
            for attempt in 1...configuration.maximumAttemptCount {
                do {
                    return (locator, try await locator.location())
                } catch let error as DownloadError {
                    last = error
                    guard case .wait(let asked) = error.verdict else { break }
                    let delay = configuration.backoff.delay(attempt: attempt, atLeast: asked)
                    try await configuration.time.sleep(for: delay)
                }
            }
        }
        throw last
    }
}
