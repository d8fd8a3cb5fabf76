import Foundation

/// Work that takes its time, on a thread made for it: the pool's threads are for what does not block.
enum OwnThread {
    /// What `work` returns or throws.
    static func run<Result: Sendable>(
        named name: String, _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Swift.Result { try work() }) }
            thread.name = name
            thread.stackSize = 16 << 20
            thread.start()
        }
    }
}
