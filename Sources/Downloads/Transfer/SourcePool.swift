import Synchronization

/// The sources of one download, chosen by measured speed.
final class SourcePool: Sendable {
    struct Choice: Sendable {
        let number: Int
        let locator: SourceLocator
        /// The server sends only whole files, whatever it said first.
        let sendsWholeFiles: Bool
    }

    private struct Entry {
        /// Per connection, a moving average; `nil` until measured.
        var bytesPerSecond: Double?
        var isDropped = false
        var sendsWholeFiles = false
        /// After wrong content: this source alone is asked.
        var isAlone = false
        var heldUntil = Duration.zero
        var busyCount = 0
    }

    private let locators: [SourceLocator]
    private let entries: Mutex<[Entry]>
    /// Why the last source was given up.
    private let lastFailure = Mutex(DownloadError.noSource)

    init(_ locators: [SourceLocator]) {
        self.locators = locators
        entries = Mutex(locators.map { _ in Entry() })
    }

    /// The best source now: each is tried once, then the fastest is taken. Throws the last reason when all were
    /// given up.
    func choose(now: Duration) throws -> Choice {
        guard let choice = best(now: now) else { throw lastFailure.withLock { $0 } }
        return choice
    }

    private func best(now: Duration) -> Choice? {
        entries.withLock { entries in
            let open = entries.indices.filter { !entries[$0].isDropped }
            let alone = open.filter { entries[$0].isAlone }
            let candidates = alone.isEmpty ? open : alone
            let free = candidates.filter { entries[$0].heldUntil <= now }
            let number =
                free.first { entries[$0].bytesPerSecond == nil && entries[$0].busyCount == 0 }
                ?? free.max { (entries[$0].bytesPerSecond ?? 0) < (entries[$1].bytesPerSecond ?? 0) }
                ?? candidates.min { entries[$0].heldUntil < entries[$1].heldUntil }
            guard let number else { return nil }
            entries[number].busyCount += 1
            return Choice(
                number: number, locator: locators[number], sendsWholeFiles: entries[number].sendsWholeFiles)
        }
    }

    /// Ends what ``choose(now:)`` began, with the rate it had.
    func leave(_ choice: Choice, byteCount: Int64, duration: Duration) {
        entries.withLock { entries in
            entries[choice.number].busyCount -= 1
            guard duration > .zero, byteCount > 0 else { return }
            let rate = Double(byteCount) / duration.inSeconds
            let old = entries[choice.number].bytesPerSecond ?? rate
            entries[choice.number].bytesPerSecond = old * 0.7 + rate * 0.3
        }
    }

    /// A source failed: others come first for a while, and it must prove its speed again.
    func hold(_ choice: Choice, until moment: Duration) {
        entries.withLock { entries in
            entries[choice.number].heldUntil = max(entries[choice.number].heldUntil, moment)
            entries[choice.number].bytesPerSecond = entries[choice.number].bytesPerSecond.map { $0 / 2 }
        }
    }

    /// A source cannot serve the file. Throws the reason when it was the last.
    func drop(_ choice: Choice, because failure: DownloadError) throws {
        lastFailure.withLock { $0 = failure }
        let isLast = entries.withLock { entries in
            entries[choice.number].isDropped = true
            return entries.allSatisfy(\.isDropped)
        }
        if isLast { throw failure }
    }

    /// When the first of the sources that are left may be asked again.
    var firstFree: Duration {
        entries.withLock { $0.filter { !$0.isDropped }.map(\.heldUntil).min() ?? .zero }
    }

    /// Whether another source is left beside this one.
    func hasOther(than choice: Choice) -> Bool {
        entries.withLock { entries in
            entries.indices.contains { $0 != choice.number && !entries[$0].isDropped }
        }
    }

    /// The server sends only whole files.
    func markSendsWholeFiles(_ choice: Choice) { entries.withLock { $0[choice.number].sendsWholeFiles = true } }

    /// The content was wrong, and nobody knows who gave the wrong bytes: from now on one source alone is asked, another
    /// in each round, the last of the list first. `false` when every source has been.
    func isolate(round: Int) -> Bool {
        entries.withLock { entries in
            let open = entries.indices.filter { !entries[$0].isDropped }
            guard round < open.count else { return false }
            for number in entries.indices { entries[number].isAlone = number == open[open.count - 1 - round] }
            return true
        }
    }
}
