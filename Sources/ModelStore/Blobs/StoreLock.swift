import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The lock that lets one process at a time change which files are blobs.
///
/// It is an advisory `flock`, which the system releases when its holder dies, so it is never left behind. Between a
/// file's move and its entry in the database nobody else sees the store. Held for milliseconds: content is copied and
/// hashed without it.
struct StoreLock: Sendable {
    let path: String
    /// How long to wait for another process.
    var patience: Duration = .seconds(60)

    /// Waits for the lock, runs `body`, releases the lock. Blocks: not for the cooperative pool.
    ///
    /// - Throws: ``ModelStoreError/locked(path:holder:)`` when the lock stays taken, `CancellationError`, and what
    ///   `body` throws.
    func withLock<Value>(_ cancellation: Cancellation? = nil, _ body: () throws -> Value) throws -> Value {
        let file = try OpenFile.readingAndWriting(path)
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var pause: UInt32 = 500
        while try !file.tryLock() {
            try cancellation?.check()
            guard clock.now < deadline else { throw ModelStoreError.locked(path: path, holder: holder(of: file)) }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
        // The holder's process id is for the message above only; nothing depends on it.
        try file.truncate()
        try file.rewind()
        try Array("\(getpid())\n".utf8).withUnsafeBytes { try file.write($0) }
        return try body()
    }

    private func holder(of file: OpenFile) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = try? bytes.withUnsafeMutableBytes { buffer in
            try file.rewind()
            return try file.read(into: buffer)
        }
        let text = String(decoding: bytes.prefix(count ?? 0), as: UTF8.self)
        return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
