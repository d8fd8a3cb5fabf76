import Foundation

/// A running Ollama: `GET /api/tags`.
public struct OllamaProvider: ModelProvider {
    /// `ollama`.
    public let name = "ollama"
    /// Where it answers.
    public let address: URL

    /// An Ollama at an address.
    public init(address: URL) {
        self.address = address
    }

    /// An Ollama at `OLLAMA_HOST`: `host`, `host:port` or an address; 127.0.0.1:11434 when it is not set.
    ///
    /// - Throws: ``ModelHubError/invalidSetting(name:value:rule:)``.
    public init(environment: [String: String]) throws {
        let text = environment["OLLAMA_HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? "127.0.0.1"
        guard var parts = URLComponents(string: text.contains("://") ? text : "http://" + text),
            parts.host?.isEmpty == false, parts.user == nil, parts.password == nil
        else {
            throw ModelHubError.invalidSetting(
                name: "OLLAMA_HOST", value: text, rule: "it must be host, host:port or an address")
        }
        // A server that listens everywhere is asked on this machine.
        if parts.host == "0.0.0.0" || parts.host == "[::]" { parts.host = "127.0.0.1" }
        if parts.port == nil, parts.scheme == "http" { parts.port = 11434 }
        parts.path = ""
        guard let url = parts.url else {
            throw ModelHubError.invalidSetting(
                name: "OLLAMA_HOST", value: text, rule: "it must be host, host:port or an address")
        }
        address = url
    }

    /// Asks for its models.
    public func models(over transport: HubTransport) async throws -> [ProvidedModel] {
        let response = try await transport.get(
            address.appending(path: "api/tags"), accept: "application/json", credential: nil)
        guard response.isSuccess else {
            throw ModelHubError.unexpectedAnswer(location: response.url.shown, reason: "HTTP \(response.status)")
        }
        return try response.decode(Tags.self).models.map { model in
            ProvidedModel(name: model.name, byteCount: model.size, quantization: model.details?.quantizationLevel)
        }
    }

    private struct Tags: Decodable {
        let models: [Model]

        struct Model: Decodable {
            let name: String
            let size: Int64?
            let details: Details?
        }

        struct Details: Decodable {
            let quantizationLevel: String?

            private enum CodingKeys: String, CodingKey { case quantizationLevel = "quantization_level" }
        }
    }
}
