import HTTPTypes
import Hummingbird
import NIOCore
import Roost
import Synchronization

/// Answers that tell what is in the store, kept as they were written until the store changes.
///
/// Clients ask for the list of models again and again; reading and encoding it takes a hundred times as long as
/// looking whether it is still true.
final class RememberedAnswers: Sendable {
    private struct Entry {
        let version: StoreVersion
        let body: ByteBuffer
    }

    /// Most answers that are kept; callers that see different models have different ones.
    private static let maximumCount = 64

    private let entries = Mutex<[String: Entry]>([:])
    private let store: ModelStore

    init(store: ModelStore) { self.store = store }

    /// The answer of `path` for those who see the same models as `caller`, made by `make` when the store has changed or
    /// none was kept.
    func response(
        _ path: String, for caller: Caller, _ make: () async throws -> some Encodable
    ) async throws -> Response {
        let key = ([path] + caller.models.map(\.description)).joined(separator: " ")
        // Looked at before what it is about: an answer may be newer than its version, never older.
        let version = store.version
        if let version, let entry = entries.withLock({ $0[key] }), entry.version == version {
            return Self.response(entry.body)
        }
        let body = try WireJSON.frame(await make(), suffix: "")
        if let version {
            entries.withLock { entries in
                if entries.count >= Self.maximumCount { entries.removeAll() }
                entries[key] = Entry(version: version, body: body)
            }
        }
        return Self.response(body)
    }

    private static func response(_ body: ByteBuffer) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: body))
    }
}
