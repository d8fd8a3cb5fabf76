import AsyncHTTPClient
import Synchronization

/// Owns an HTTP client, and closes it at the latest when nobody holds it any more.
final class ClientOwner: Sendable {
    let client: HTTPClient
    private let isClosed = Mutex(false)

    init(_ configuration: HTTPClient.Configuration) {
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Returns when every connection is closed.
    func shutdown() async {
        guard takeClosing() else { return }
        // It throws only when it was shut down before, or when connections had to be cut.
        try? await client.shutdown()
    }

    deinit {
        if takeClosing() { client.shutdown { [client] _ in _ = client } }
    }

    private func takeClosing() -> Bool {
        isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
    }
}
