import NIOHTTP1
import Security

/// The Hugging Face Hub's protocol, as far as a client needs it to search, list and download: the hub on one port, the
/// storage behind it on another.
public struct HuggingFaceSimulator: Sendable {
    /// The hub.
    public let hub: LoopbackServer
    /// The storage, to which signed addresses lead.
    public let storage: LoopbackServer

    /// How the simulated hub behaves beside its repositories.
    public struct Behaviour: Sendable {
        /// Entries of one page of a tree.
        public var treePageSize = 1000
        /// Asked before the hub answers by itself: a fault to inject.
        public var interrupt: @Sendable (SimulatedRequest) -> SimulatedResponse? = { _ in nil }
        /// Changes an answer of the hub before it is sent.
        public var alter: @Sendable (SimulatedRequest, inout SimulatedResponse) -> Void = { _, _ in }

        /// A hub without faults.
        public init() {}
    }

    /// Runs `body` with a hub.
    public static func run<Result: Sendable>(
        _ repositories: [SimulatedRepository], behaviour: Behaviour = Behaviour(),
        _ body: (HuggingFaceSimulator) async throws -> Result
    ) async throws -> Result {
        let files = repositories.flatMap(\.files)
        let contents = Dictionary(files.map { ($0.digest.hexadecimal, $0.bytes) }) { first, _ in first }
        return try await LoopbackServer.run({ SignedStorage.answer($0, contents) }) { storage in
            let model = HuggingFaceModel(
                repositories: repositories, storage: storage.address, pageSize: behaviour.treePageSize)
            return try await LoopbackServer.run({ request in
                if let fault = behaviour.interrupt(request) { return fault }
                var response = model.answer(request)
                behaviour.alter(request, &response)
                return response
            }) { hub in
                try await body(HuggingFaceSimulator(hub: hub, storage: storage))
            }
        }
    }
}

/// Storage behind signed addresses: `/<sha256>?signature=…`, with ranges.
enum SignedStorage {
    static let signature = "signed-for-an-hour"

    static func answer(_ request: SimulatedRequest, _ contents: [String: [UInt8]]) -> SimulatedResponse {
        guard request.query("signature") == signature else { return SimulatedResponse(403, text: "AccessDenied") }
        guard let name = request.components.first, let bytes = contents[name] else { return SimulatedResponse(404) }
        // The storage's tag is its own: never the content's hash.
        let headers = [("ETag", "\"storage-tag\""), ("Accept-Ranges", "bytes")]
        guard let text = request.headers.first(name: "range") else {
            return SimulatedResponse(200, headers: headers, body: bytes)
        }
        guard let range = byteRange(text, count: bytes.count) else {
            return SimulatedResponse(416, headers: [("Content-Range", "bytes */\(bytes.count)")])
        }
        let value = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)"
        return SimulatedResponse(206, headers: headers + [("Content-Range", value)], body: Array(bytes[range]))
    }

    private static func byteRange(_ text: String, count: Int) -> Range<Int>? {
        guard text.hasPrefix("bytes=") else { return nil }
        let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]), first < count else { return nil }
        let last = ends[1].isEmpty ? count - 1 : min(Int(ends[1]) ?? -1, count - 1)
        return first <= last ? first..<(last + 1) : nil
    }
}
