import Foundation

/// Says whether the store's database may have changed, at the price of looking at two files: equal versions mean equal
/// answers.
///
/// Every commit, of whichever process, is written to the database or to its write-ahead log, which changes what the
/// system says of those files (https://www.sqlite.org/wal.html). Times of files advance in steps of some milliseconds,
/// so a file that was changed within the last ``settlingTime`` may change again without its time telling: there is no
/// version then, as git has it for files that are as new as its index (racy git).
public struct StoreVersion: Sendable, Hashable {
    /// How long files must have been at rest.
    static let settlingTime: Int64 = 100_000_000

    private let database: FileStatus
    private let log: FileStatus?

    /// `nil` while no version can be told: a moment ago something was written, or the files cannot be looked at.
    init?(database path: String, log logPath: String? = nil, now: Date) {
        guard let database = try? FileSystem.status(of: path) else { return nil }
        let log: FileStatus?
        do {
            log = try FileSystem.status(of: logPath ?? path + "-wal")
        } catch {
            return nil
        }
        let newest = max(database.modifiedAt, log?.modifiedAt ?? 0)
        let age = Int64(now.timeIntervalSince1970 * 1e9) - newest
        // A time in the future tells nothing either.
        guard age > Self.settlingTime else { return nil }
        self.database = database
        self.log = log
    }
}

extension ModelStore {
    /// What the models are now, as a value to compare with a later one; `nil` when it cannot be told for the moment.
    public nonisolated var version: StoreVersion? {
        let paths = vault.layout.databasePaths
        return StoreVersion(database: paths.main, log: paths.log, now: Date())
    }
}
