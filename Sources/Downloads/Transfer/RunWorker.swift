import AsyncHTTPClient
import NIOCore

/// One connection's worth of work: takes runs of blocks, fetches them, and mends what goes wrong.
struct RunWorker: Sendable {
    let number: Int
    let context: TransferContext
    /// Attempts to reach a source that never answered in this run: a wrong name or no network is said soon.
    private static let firstAttemptCount = 3

    /// How far the hashing may be behind, in bytes: a fraction of a second of its work.
    private static let hashingLag: Int64 = 64 << 20

    /// What has gone wrong since the last progress.
    private struct Streak {
        var attempt = 0
        /// What the whole download had when it began.
        var landedByteCount: Int64 = 0
    }

    /// Works until it is cancelled, or until nothing can mend what went wrong.
    func run() async throws {
        var streak = Streak()
        while true {
            let run = try await context.board.nextRun(for: number, time: context.time)
            let choice: SourcePool.Choice
            do {
                choice = try context.pool.choose(now: context.time.now())
            } catch {
                context.board.release(number)
                throw error
            }
            let watch = StallWatch(
                timeout: context.configuration.stallTimeout,
                floorBytesPerSecond: context.configuration.floorBytesPerSecond, time: context.time)
            let start = context.time.now()
            let fetched = Counter()
            do {
                try await fetch(run, from: choice, watch: watch, counter: fetched)
                context.board.release(number)
                context.pool.leave(choice, byteCount: fetched.value, duration: context.time.now() - start)
                streak = Streak()
            } catch {
                let othersAreBusy = context.board.othersAreBusy(than: number)
                context.board.release(number)
                context.pool.leave(choice, byteCount: 0, duration: .zero)
                let reason = Transport.failure(error, choice.locator.source.url)
                guard let failure = reason as? DownloadError else { throw reason }
                let hadProgress = fetched.value >= min(64 << 10, Int64(context.configuration.blockByteCount))
                if hadProgress { streak = Streak() }
                if streak.attempt == 0 { streak.landedByteCount = context.board.snapshot.landedByteCount }
                streak.attempt += 1
                // A connection that broke is opened again at once, when it brought something or for the first time: the
                // hole that it leaves holds up the hashing of all that came after.
                if failure.isBrokenConnection, hadProgress || streak.attempt == 1 { continue }
                try await mend(failure, choice: choice, streak: &streak, othersAreBusy: othersAreBusy)
            }
        }
    }

    // MARK: One connection

    private func fetch(
        _ run: TransferBoard.Assignment, from choice: SourcePool.Choice, watch: StallWatch, counter: Counter
    ) async throws {
        let location = try await choice.locator.location()
        let needsWholeFile = choice.sendsWholeFiles || !location.sendsRanges
        if needsWholeFile, !run.isWholeFile {
            // Such a server serves one connection only: the run is asked for again in that way.
            guard !context.pool.hasOther(than: choice) else {
                throw DownloadError.rangeIgnored(SourceRules.shown(location.url))
            }
            context.board.sendWholeFiles()
            return
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await stream(run.blocks, location, needsWholeFile, watch, counter) }
                group.addTask { try await watch.run(url: SourceRules.shown(location.url)) }
                _ = try await group.next()
            }
        } catch let error as DownloadError {
            if case .refused = error.verdict { await choice.locator.expire(location) }
            throw error
        }
    }

    private func stream(
        _ run: Range<Int>, _ location: SourceLocation, _ wholeFile: Bool, _ watch: StallWatch, _ counter: Counter
    ) async throws {
        let bytes = wholeFile ? 0..<context.board.byteCount : context.board.range(of: run)
        let carry = wholeFile ? [] : context.board.takeCarry(of: run.lowerBound)
        let start = bytes.lowerBound + Int64(carry.count)
        var assembly = BlockAssembly(
            context: context, worker: number, run: run, position: start, carry: carry)
        do {
            watch.wait()
            let reply =
                wholeFile
                ? try await context.transport.openWhole(location, totalByteCount: context.board.byteCount)
                : try await context.transport.open(
                    start..<bytes.upperBound, of: location, totalByteCount: context.board.byteCount)
            watch.receive(0)
            var body = reply.response.body.makeAsyncIterator()
            while true {
                watch.wait()
                guard let chunk = try await body.next() else { break }
                watch.receive(chunk.readableBytes)
                let goesOn = try chunk.withUnsafeReadableBytes { try assembly.take($0) }
                for limiter in context.limiters { try await limiter.pass(chunk.readableBytes) }
                if assembly.takeFinishedBlocks() > 0 {
                    try await context.board.waitForJournal(limit: context.configuration.journalByteCount)
                    try await context.board.waitForHashing(limit: Self.hashingLag)
                }
                if goesOn { continue }
                // Only an answer that ends where it should leaves a connection that can be used again.
                if assembly.position == bytes.upperBound, reply.contentLength == bytes.upperBound - start {
                    _ = try? await body.next()
                }
                counter.add(assembly.usefulByteCount)
                return
            }
            try Task.checkCancellation()
            throw DownloadError.truncated(
                SourceRules.shown(reply.url), received: assembly.position - start,
                expected: bytes.upperBound - start)
        } catch {
            counter.add(assembly.usefulByteCount - (wholeFile ? assembly.unfinishedByteCount : 0))
            assembly.leave()
            throw Transport.failure(error, location.url)
        }
    }

    // MARK: After a failure

    private func mend(
        _ failure: DownloadError, choice: SourcePool.Choice, streak: inout Streak, othersAreBusy: Bool
    ) async throws {
        if failure.asksForLess, othersAreBusy { context.board.askedForLess(now: context.time.now()) }
        var asked: Duration?
        switch failure.verdict {
        case .fatal:
            throw failure
        case .dropSource:
            try context.pool.drop(choice, because: failure)
            streak = Streak()
            return
        case .refused:
            // The first time the address may have expired: it is looked up again at once.
            if await choice.locator.hasWorked, streak.attempt == 1 { return }
            let mayRecover = await choice.locator.hasWorked && (othersAreBusy || streak.attempt <= 3)
            if !mayRecover {
                try context.pool.drop(choice, because: failure)
                streak = Streak()
                return
            }
        case .wait(let duration):
            asked = duration
        }
        if case .rangeIgnored = failure, streak.attempt >= 3 {
            if context.pool.hasOther(than: choice) {
                try context.pool.drop(choice, because: failure)
            } else {
                context.pool.markSendsWholeFiles(choice)
            }
        }
        var limit = context.configuration.maximumAttemptCount
        if case .connectionFailed = failure, await !choice.locator.hasWorked {
            limit = min(limit, Self.firstAttemptCount)
        }
        if streak.attempt > limit {
            // Others may have got on meanwhile: then this connection is only one too many.
            let landed = context.board.snapshot.landedByteCount
            guard landed > streak.landedByteCount else {
                try context.pool.drop(choice, because: failure)
                streak = Streak()
                return
            }
            streak.landedByteCount = landed
            streak.attempt = limit
            context.board.askedForLess(now: context.time.now())
        }
        let delay = context.configuration.backoff.delay(attempt: streak.attempt, atLeast: asked)
        let now = context.time.now()
        context.pool.hold(choice, until: now + delay)
        // With another source there is no need to wait.
        let wait = context.pool.hasOther(than: choice) ? context.pool.firstFree - now : delay
        if wait > .zero { try await context.time.sleep(for: wait) }
    }
}
