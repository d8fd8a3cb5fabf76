import Dispatch
import Foundation
import Security

/// Hugging Face's and Ollama's protocols on one port, over files of the disk, which are sent by the kernel.
public struct HubServer: Sendable {
    /// The hub, and the registry below `/v2/`.
    public let hub: LoopbackServer
    /// The storage behind it; `nil` when the hub sends the bytes itself.
    public let storage: LoopbackServer?
    /// The repositories, `owner/name`.
    public let repositories: [String]
    /// The registry's models, `namespace/model:tag`.
    public let models: [String]

    /// What is served, and how.
    public struct Settings: Sendable {
        /// A folder of `owner/name/files…`.
        public var repositories: String?
        /// An Ollama models folder.
        public var ollamaModels: String?
        /// Files of the registry: `[namespace/]model[:tag]` and a path.
        public var ollamaFiles: [(name: String, path: String)] = []
        /// Repositories that only the token sees.
        public var privateRepositories: Set<String> = []
        /// Repositories whose files only the token may read.
        public var gatedRepositories: Set<String> = []
        /// The token that opens private and gated repositories.
        public var token: String?
        /// The hub's port; 0 for a free one.
        public var port = 0
        /// Whether the bytes come from signed addresses of a second port.
        public var hasStorage = false
        /// The storage's port; 0 for a free one.
        public var storagePort = 0
        /// How long a signed address is good, in seconds.
        public var linkLifetime = 3600
        /// How connections to the hub and its storage are treated.
        public var shape = TrafficShape()

        /// Nothing is served yet.
        public init() {}
    }

    /// Runs `body` with a server.
    ///
    /// - Throws: ``SimulatorError``, and what `body` throws.
    public static func run<Result: Sendable>(
        _ settings: Settings, _ body: (HubServer) async throws -> Result
    ) async throws -> Result {
        let (repositories, ollama) = try await content(of: settings)
        let files = repositories.flatMap(\.files).map { ($0.digest.hexadecimal, $0.content) }
        let contents = ollama.contents.merging(files) { first, _ in first }
        let signed = SignedStorage(contents, lifetime: settings.linkLifetime)

        func serve(_ storage: LoopbackServer?) async throws -> Result {
            let address = storage.map { storage -> @Sendable (String) -> String in
                let place = storage.address
                return { place + signed.address(of: $0) }
            }
            let hub = HuggingFaceModel(repositories: repositories, storage: address, pageSize: 1000)
            let registry = OllamaModel(manifests: ollama.manifests, contents: contents, storage: address)
            let answer: LoopbackServer.Answer = { request in
                request.components.first == "v2" ? registry.answer(request) : hub.answer(request)
            }
            return try await LoopbackServer.run(port: settings.port, shape: settings.shape, answer) { server in
                try await body(
                    HubServer(
                        hub: server, storage: storage, repositories: repositories.map(\.id),
                        models: ollama.manifests.keys.sorted()))
            }
        }
        guard settings.hasStorage else { return try await serve(nil) }
        return try await LoopbackServer.run(
            port: settings.storagePort, shape: settings.shape, { signed.answer($0) }, { try await serve($0) })
    }

    /// Hashes the files, beside the threads that must not wait.
    private static func content(of settings: Settings) async throws -> ([SimulatedRepository], OllamaFolder) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Swift.Result {
                        var repositories = try settings.repositories.map(RepositoryFolder.read) ?? []
                        for index in repositories.indices {
                            let id = repositories[index].id
                            repositories[index].isPrivate = settings.privateRepositories.contains(id)
                            repositories[index].gate = settings.gatedRepositories.contains(id) ? "manual" : nil
                            repositories[index].readers = settings.token.map { [$0] } ?? []
                        }
                        for id in settings.privateRepositories.union(settings.gatedRepositories)
                        where !repositories.contains(where: { $0.id == id }) {
                            throw SimulatorError.invalid(
                                setting: "a private or gated repository", value: id, rule: "it is not in the folder")
                        }
                        var ollama = OllamaFolder()
                        if let folder = settings.ollamaModels { try ollama.add(folder: folder) }
                        for file in settings.ollamaFiles { try ollama.add(file.name, file: file.path) }
                        return (repositories, ollama)
                    })
            }
        }
    }
}
