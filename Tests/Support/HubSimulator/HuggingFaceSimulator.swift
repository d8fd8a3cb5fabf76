import Foundation
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
        /// How long an address of the storage is good, in seconds.
        public var linkLifetime = 3600
        /// The storage's clock.
        public var now: @Sendable () -> Date = { Date() }
        /// Entries of one page of a tree.
        public var treePageSize = 1000
        /// Asked before the hub answers by itself: a fault to inject.
        public var interrupt: @Sendable (SimulatedRequest) -> SimulatedResponse? = { _ in nil }
        /// Changes an answer of the hub before it is sent.
        public var alter: @Sendable (SimulatedRequest, inout SimulatedResponse) -> Void = { _, _ in }
        /// Changes an answer of the storage before it is sent.
        public var alterStorage: @Sendable (SimulatedRequest, inout SimulatedResponse) -> Void = { _, _ in }

        /// A hub without faults.
        public init() {}
    }

    /// Runs `body` with a hub.
    public static func run<Result: Sendable>(
        _ repositories: [SimulatedRepository], behaviour: Behaviour = Behaviour(),
        _ body: (HuggingFaceSimulator) async throws -> Result
    ) async throws -> Result {
        let files = repositories.flatMap(\.files)
        let contents = Dictionary(files.map { ($0.digest.hexadecimal, $0.content) }) { first, _ in first }
        let signed = SignedStorage(contents, lifetime: behaviour.linkLifetime, now: behaviour.now)
        return try await LoopbackServer.run({ request in
            var response = signed.answer(request)
            behaviour.alterStorage(request, &response)
            return response
        }) { storage in
            let address = storage.address
            let model = HuggingFaceModel(
                repositories: repositories, storage: { address + signed.address(of: $0) },
                pageSize: behaviour.treePageSize)
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
