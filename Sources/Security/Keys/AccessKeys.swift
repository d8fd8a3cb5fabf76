public import Foundation
import Synchronization

/// The keys of a home directory as a server sees them: what any process changed counts from the next question on.
///
/// A question costs one look at the file's status. The file is read again when that changed, which takes a fraction of
/// a millisecond; nothing is asked of a disk in between.
public final class AccessKeys: Sendable {
    /// What a token shows.
    public enum Finding: Sendable, Hashable {
        /// A key that is good.
        case valid(AccessKey)
        /// A key whose time is over.
        case expired(AccessKey)
        /// None: it was never made, or was revoked.
        case unknown
    }

    private struct State {
        var snapshot: AccessKeyFile.Snapshot?
        /// What the file was when it was read last.
        var finding = KeyFileStatus.Finding.unknown
        var keys: [String: AccessKey] = [:]
        var wasSeen = false
    }

    /// Where the keys are kept.
    public let file: AccessKeyFile
    private let now: @Sendable () -> Date
    private let state = Mutex(State())

    /// The keys of `file`, with a clock of its own for tests.
    public init(_ file: AccessKeyFile, now: @escaping @Sendable () -> Date = { Date() }) {
        self.file = file
        self.now = now
    }

    /// Whether there is a file of keys, or was one since this value was made. Where keys were once asked for, a file
    /// that goes away opens nothing.
    ///
    /// - Throws: `AccessKeyError`.
    public func exist() throws -> Bool { try current { $0.wasSeen } }

    /// Keys that are good now.
    ///
    /// - Throws: `AccessKeyError`.
    public func usableCount() throws -> Int {
        let now = now()
        return try current { $0.keys.values.count { !$0.isExpired(at: now) } }
    }

    /// What a token shows.
    ///
    /// - Throws: `AccessKeyError` when the keys cannot be read: refuse the caller then.
    public func find(_ token: AccessToken) throws -> Finding {
        guard let key = try current({ $0.keys[token.keyID] }), key.isShown(by: token) else { return .unknown }
        return key.isExpired(at: now()) ? .expired(key) : .valid(key)
    }

    /// Whether the key of this id is there and good.
    ///
    /// - Throws: `AccessKeyError`.
    public func isValid(id: String) throws -> Bool {
        guard let key = try current({ $0.keys[id] }) else { return false }
        return !key.isExpired(at: now())
    }

    private func current<Value: Sendable>(_ answer: (State) -> Value) throws -> Value {
        let finding = file.status
        return try state.withLock { state in
            if finding == .unknown || finding != state.finding {
                state.finding = .unknown
                let snapshot = try file.read()
                state.finding = snapshot.map { .found($0.status) } ?? .absent
                state.snapshot = snapshot
                state.keys = Dictionary(uniqueKeysWithValues: (snapshot?.keys ?? []).map { ($0.id, $0) })
                state.wasSeen = state.wasSeen || snapshot != nil
            }
            return answer(state)
        }
    }
}
