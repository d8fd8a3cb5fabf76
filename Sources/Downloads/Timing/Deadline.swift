/// Work that must end in time.
enum Deadline {
    /// Runs the work; cancels it and throws `error` when it takes longer than `duration`.
    static func run<Value: Sendable>(
        for duration: Duration, time: any DownloadTime, error: DownloadError,
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await time.sleep(for: duration)
                throw error
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
