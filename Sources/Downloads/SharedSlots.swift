/// Counts the running downloads of all processes that share a folder of unfinished files: each holds one lock of a
/// few, and the system gives a lock back when its process dies.
struct SharedSlots: Sendable {
    let folder: String
    let count: Int
    let time: any DownloadTime
    /// How often a full house is looked at again.
    private static let interval = Duration.milliseconds(250)

    /// Runs the work when fewer than ``count`` downloads of all processes run.
    func run<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        let slot = try await take()
        defer { slot.removeFile() }
        return try await work()
    }

    private func take() async throws -> DownloadLock {
        while true {
            for number in 0..<count {
                if let lock = try DownloadLock.acquire(folder + "/slot-\(number).lock") { return lock }
            }
            try await time.sleep(for: Self.interval)
        }
    }
}
