import Foundation

/// A program beside Roost that runs models and answers over HTTP. One implementation per API.
public protocol ModelProvider: Sendable {
    /// A short word: `ollama`, `lmstudio`, `jan`.
    var name: String { get }
    /// Where it answers.
    var address: URL { get }

    /// The models that it offers.
    ///
    /// - Throws: ``ModelHubError``.
    func models(over transport: HubTransport) async throws -> [ProvidedModel]
}

/// A model that a provider offers. Facts that it does not give are `nil`.
public struct ProvidedModel: Hashable, Sendable {
    /// The name to ask for.
    public var name: String
    /// The file's size in bytes.
    public var byteCount: Int64?
    /// The number format of its weights.
    public var quantization: String?
}

/// Whether a provider is there.
public struct ProviderStatus: Hashable, Sendable {
    /// The provider's short word.
    public var name: String
    /// Where it was asked.
    public var address: URL
    /// Its models; `nil` when it did not answer as it should.
    public var models: [ProvidedModel]?
    /// What went wrong; `nil` when nothing did.
    public var failure: ModelHubError?

    /// Whether it answers.
    public var isHealthy: Bool { models != nil }
}

/// Asks several providers at once.
public struct ProviderDirectory: Sendable {
    /// The providers, in the order of the answer.
    public let providers: [any ModelProvider]
    private let transport: HubTransport

    /// A directory of providers; each is asked once, for a program that is not running is no trouble to wait for.
    public init(providers: [any ModelProvider], transport: HubTransport) {
        self.providers = providers
        var once = transport
        once.retry.maximumAttempts = 1
        self.transport = once
    }

    /// The providers of this machine: Ollama at `OLLAMA_HOST` or 11434, LM Studio at 1234, Jan at 1337 and 6767.
    ///
    /// - Throws: ``ModelHubError/invalidSetting(name:value:rule:)`` when `OLLAMA_HOST` is no address.
    public static func local(environment: [String: String]) throws -> [any ModelProvider] {
        var providers: [any ModelProvider] = [try OllamaProvider(environment: environment)]
        for (name, port) in [("lmstudio", 1234), ("jan", 1337), ("jan-serve", 6767)] {
            guard let address = URL(string: "http://127.0.0.1:\(port)") else { continue }
            providers.append(OpenAICompatibleProvider(name: name, address: address))
        }
        return providers
    }

    /// Asks all of them. Never fails as a whole.
    public func statuses() async -> [ProviderStatus] {
        await withTaskGroup(of: (Int, ProviderStatus).self) { group in
            for (index, provider) in providers.enumerated() {
                group.addTask { (index, await status(of: provider)) }
            }
            var found: [(Int, ProviderStatus)] = []
            for await item in group { found.append(item) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func status(of provider: any ModelProvider) async -> ProviderStatus {
        var status = ProviderStatus(name: provider.name, address: provider.address)
        do {
            status.models = try await provider.models(over: transport)
        } catch let error as ModelHubError {
            status.failure = error
        } catch {
            status.failure = .unreachable(host: Origin(provider.address)?.place ?? "", reason: "the question was ended")
        }
        return status
    }
}
