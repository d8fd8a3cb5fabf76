import Dispatch

/// Runs work that waits for the disk beside Swift's cooperative pool, whose threads must not wait.
enum BlockingWork {
    private static let queue = DispatchQueue(label: "roost.hubs.files", attributes: .concurrent)

    static func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try work() }) }
        }
    }
}
