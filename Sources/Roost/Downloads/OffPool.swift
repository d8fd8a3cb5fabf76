import Dispatch

/// Runs blocking calls on a thread of their own, for Swift's cooperative pool must not wait for a disk.
enum OffPool {
    private static let queue = DispatchQueue(label: "roost.façade", attributes: .concurrent)

    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
