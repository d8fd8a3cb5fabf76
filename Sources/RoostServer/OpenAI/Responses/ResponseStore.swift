import Foundation
import Synchronization

/// The responses of `/v1/responses` that can still be asked for and gone on with. In memory, and gone with the server.
///
/// What was not used for longest is forgotten first, when its owner has too many or too large ones, or all have.
final class ResponseStore: Sendable {
    /// Bounds on what is kept.
    struct Limits: Sendable {
        /// Most responses of one caller.
        var count = 1000
        /// Most bytes of one caller's.
        var byteCount = 32 << 20
        /// Most bytes of all.
        var totalByteCount = 128 << 20
    }

    /// A response with what it answered.
    struct Entry: Sendable {
        let response: ResponseObject
        /// What was sent for it, without what came before.
        let input: [ResponseItem]
        var previousID: String? { response.settings.previousResponseID }
    }

    private struct Key: Hashable {
        let owner: String
        let id: String
    }

    private struct Slot {
        let entry: Entry
        let byteCount: Int
        var lastUse: UInt64
    }

    private struct State {
        var slots: [Key: Slot] = [:]
        var clock: UInt64 = 0
        var byteCount = 0
    }

    let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Keeps a response for `owner`; one that is larger than all that may be kept is not kept.
    func keep(_ entry: Entry, for owner: String) {
        guard let response = try? WireJSON.data(entry.response), let input = try? WireJSON.data(entry.input) else {
            return
        }
        let byteCount = response.count + input.count
        guard byteCount <= min(limits.byteCount, limits.totalByteCount) else { return }
        state.withLock { state in
            let key = Key(owner: owner, id: entry.response.id)
            Self.remove(key, from: &state)
            state.clock += 1
            state.slots[key] = Slot(entry: entry, byteCount: byteCount, lastUse: state.clock)
            state.byteCount += byteCount
            forgetOldest(of: owner, in: &state)
        }
    }

    /// The response that `owner` knows by `id`.
    func entry(_ id: String, of owner: String) -> Entry? {
        state.withLock { Self.use(Key(owner: owner, id: id), in: &$0) }
    }

    /// Forgets a response; false when there was none.
    func remove(_ id: String, of owner: String) -> Bool {
        state.withLock { Self.remove(Key(owner: owner, id: id), from: &$0) }
    }

    /// All that was said up to a response and with it, oldest first.
    ///
    /// Throws `APIError.notFound` when it, or one before it, is not kept any more.
    func conversation(upTo id: String, of owner: String) throws -> [ResponseItem] {
        var entries: [Entry] = []
        try state.withLock { state in
            var next: String? = id
            while let id = next {
                guard let entry = Self.use(Key(owner: owner, id: id), in: &state) else {
                    throw APIError.invalidRequest(
                        "Previous response with id '\(id.prefix(80))' not found.", parameter: "previous_response_id",
                        code: "previous_response_not_found")
                }
                entries.append(entry)
                // A client's word for what came before cannot lead in a circle: an entry is made after it.
                next = entry.previousID
            }
        }
        return entries.reversed().flatMap { $0.input + $0.response.output }
    }

    /// An item of some response of `owner`.
    func item(_ id: String, of owner: String) -> ResponseItem? {
        state.withLock { state in
            for (key, slot) in state.slots where key.owner == owner {
                let items = slot.entry.response.output + slot.entry.input
                if let item = items.first(where: { $0.id == id }) {
                    _ = Self.use(key, in: &state)
                    return item
                }
            }
            return nil
        }
    }

    private static func use(_ key: Key, in state: inout State) -> Entry? {
        guard state.slots[key] != nil else { return nil }
        state.clock += 1
        state.slots[key]?.lastUse = state.clock
        return state.slots[key]?.entry
    }

    @discardableResult
    private static func remove(_ key: Key, from state: inout State) -> Bool {
        guard let slot = state.slots.removeValue(forKey: key) else { return false }
        state.byteCount -= slot.byteCount
        return true
    }

    private func forgetOldest(of owner: String, in state: inout State) {
        while true {
            let own = state.slots.filter { $0.key.owner == owner }
            let ownByteCount = own.values.reduce(0) { $0 + $1.byteCount }
            let candidates: [Key: Slot]
            if own.count > limits.count || ownByteCount > limits.byteCount {
                candidates = own
            } else if state.byteCount > limits.totalByteCount {
                candidates = state.slots
            } else {
                return
            }
            guard let oldest = candidates.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else { return }
            Self.remove(oldest, from: &state)
        }
    }
}
