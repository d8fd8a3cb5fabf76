import Foundation
import Security

/// Fetches one file of known size into its partial file and moves it to its place when it is what it must be.
struct Transfer: Sendable {
    let context: TransferContext
    let request: DownloadRequest
    let paths: DownloadPaths
    /// `nil` when whatever comes is taken for the file.
    let expected: Digest?
    let entityTag: String?
    let feed: ProgressFeed

    private var journal: JournalFile { JournalFile(path: paths.journal, folder: paths.partialFolder) }

    /// - Throws: ``DownloadError``, or `CancellationError`; what has landed is in the journal then.
    func run() async throws -> DownloadedFile {
        let keeper = JournalKeeper(context: context, journal: journal, key: request.key, entityTag: entityTag)
        do {
            var found = try await fetch(keeper)
            var round = 0
            while let expected, found != expected {
                // The disk agrees with the network, so what the network brought was wrong: all of it once more.
                guard context.pool.isolate(round: round) else {
                    throw try quarantine(expected: expected, found: found)
                }
                round += 1
                context.board.loseAll()
                try journal.remove()
                found = try await fetch(keeper)
            }
            return try finish(found)
        } catch {
            if !Self.endsContent(error) { try? keeper.flush() }
            try Task.checkCancellation()
            throw error
        }
    }

    private static func endsContent(_ error: any Error) -> Bool {
        switch error as? DownloadError {
        case .contentMismatch, .sourceChanged: true
        default: false
        }
    }

    /// Fills the file; the digest of what the disk has then.
    private func fetch(_ keeper: JournalKeeper) async throws -> Digest {
        try await withThrowingTaskGroup(of: Digest?.self) { group in
            defer { group.cancelAll() }
            for number in 0..<context.configuration.maximumConnectionCount {
                group.addTask {
                    try await RunWorker(number: number, context: context).run()
                    return nil
                }
            }
            // A disk that takes its time to synchronize holds up neither connections nor hashing.
            group.addTask(executorPreference: BlockingExecutor.serial()) {
                try await keeper.run()
                return nil
            }
            group.addTask {
                try await beat()
                return nil
            }
            group.addTask(executorPreference: BlockingExecutor.serial()) {
                try await ReadBack(board: context.board, file: context.file).run()
            }
            while let digest = try await group.next() {
                if let digest { return digest }
            }
            throw CancellationError()
        }
    }

    /// Four times a second, at first more often: how fast, how far.
    private func beat() async throws {
        var meter = RateMeter()
        while true {
            let snapshot = context.board.snapshot
            meter.observe(snapshot.receivedByteCount, at: context.time.now())
            let isGrowing = context.board.beat(bytesPerSecond: meter.latest)
            let rate = meter.bytesPerSecond
            feed.update {
                $0.state = snapshot.isComplete ? .verifying : .downloading
                $0.completedByteCount = snapshot.arrivedByteCount
                $0.verifiedByteCount = snapshot.verifiedByteCount
                $0.bytesPerSecond = rate
                $0.connectionCount = snapshot.connectionCount
            }
            try await context.time.sleep(for: .milliseconds(isGrowing ? 100 : 250))
        }
    }

    private func finish(_ digest: Digest) throws -> DownloadedFile {
        try context.file.synchronizeAll()
        let target = request.finishedPath(digest)
        try FileCalls.move(context.file.path, to: target)
        try FileCalls.synchronizeFolder(request.destination.path)
        try journal.remove()
        try FileCalls.synchronizeFolder(paths.partialFolder)
        return DownloadedFile(
            url: URL(fileURLWithPath: target), digest: digest, byteCount: context.board.byteCount,
            fetchedByteCount: context.board.snapshot.receivedByteCount, pieces: context.board.map.pieces)
    }

    /// Puts the wrong content aside, so that the next attempt starts afresh and someone may look at it.
    private func quarantine(expected: Digest, found: Digest) throws -> DownloadError {
        let folder = request.quarantineFolder.path
        let target = folder + "/" + found.fileName
        try FileCalls.createFolder(folder)
        try journal.remove()
        try FileCalls.move(context.file.path, to: target)
        return .contentMismatch(expected: expected, found: found, quarantine: target)
    }
}
