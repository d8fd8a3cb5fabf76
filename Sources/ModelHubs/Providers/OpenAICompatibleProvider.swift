import Foundation

/// A running server that speaks OpenAI's API, such as LM Studio's and Jan's: `GET /v1/models`.
public struct OpenAICompatibleProvider: ModelProvider {
    /// A short word.
    public let name: String
    /// Where it answers, without `/v1`.
    public let address: URL
    private let credential: OriginCredential?

    /// A server at an address, with a key when it wants one.
    public init(name: String, address: URL, credential: OriginCredential? = nil) {
        self.name = name
        self.address = address
        self.credential = credential
    }

    /// Asks for its models.
    public func models(over transport: HubTransport) async throws -> [ProvidedModel] {
        let response = try await transport.get(
            address.appending(path: "v1/models"), accept: "application/json", credential: credential)
        if response.status == 401 || response.status == 403 {
            throw ModelHubError.forbidden(
                host: Origin(response.url)?.place ?? response.url.shown, reason: "it wants its API key")
        }
        guard response.isSuccess else {
            throw ModelHubError.unexpectedAnswer(location: response.url.shown, reason: "HTTP \(response.status)")
        }
        return try response.decode(List.self).data.map { ProvidedModel(name: $0.id) }
    }

    private struct List: Decodable {
        let data: [Model]

        struct Model: Decodable {
            let id: String
        }
    }
}
