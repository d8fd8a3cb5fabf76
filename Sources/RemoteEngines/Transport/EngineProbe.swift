import Foundation
import NIOHTTP1

/// What an engine says when it is asked whether it is well and what it has.
struct EngineProbe: Sendable {
    /// What was found.
    struct Finding: Sendable, Hashable {
        var kind: EngineKind
        var models: [RemoteModelFacts]
    }

    /// Most models of one engine that are kept.
    static let modelLimit = 5000

    let transport: EngineTransport
    private var engine: RemoteEngine { transport.engine }
    private var timeout: Duration { engine.healthTimeout }

    init(_ transport: EngineTransport) { self.transport = transport }

    /// Asks. Throws `EngineFailure`, `CancellationError`.
    ///
    /// - Parameter known: what the engine was found to be before.
    func ask(known: EngineKind?) async throws -> Finding {
        guard let kind = engine.kind ?? known else { return try await findOut() }
        switch kind {
        case .llamaServer, .vllm: try await health()
        case .ollama, .roost: return Finding(kind: kind, models: try await tags(of: kind))
        case .openAI, .lmStudio, .jan: break
        }
        return Finding(kind: kind, models: try await list())
    }

    /// Whether it is ready: llama-server answers 503 while it loads, vLLM when its engine has died.
    private func health() async throws {
        _ = try await transport.collected(
            .GET, engine.address.root("health"), upTo: EngineTransport.listLimit, timeout: timeout)
    }

    private func findOut() async throws -> Finding {
        let list: ModelList
        let headers: HTTPHeaders
        do {
            (list, headers) = try await transport.json(
                .GET, engine.address.api("models"), upTo: EngineTransport.listLimit, timeout: timeout,
                as: ModelList.self)
        } catch EngineFailure.request(status: 404, _) {
            // An Ollama behind a proxy that lets nothing but its own API through, or one from before 2024.
            return Finding(kind: .ollama, models: try await tags(of: .ollama))
        }
        let kind = Self.kind(server: headers.first(name: "server"), owners: Set(list.data.compactMap(\.ownedBy)))
        if let kind, kind != .ollama, kind != .roost { return Finding(kind: kind, models: list.facts) }
        // Ollama lists as OpenAI does too; its own list says more.
        if let kind { return Finding(kind: kind, models: try await tags(of: kind)) }
        if (try? await isOllama()) == true { return Finding(kind: .ollama, models: try await tags(of: .ollama)) }
        return Finding(kind: .openAI, models: list.facts)
    }

    /// What the head and the list of an answer give away.
    static func kind(server: String?, owners: Set<String>) -> EngineKind? {
        let server = server?.lowercased() ?? ""
        if server.hasPrefix("roost/") { return .roost }
        if server.hasPrefix("llama.cpp") || owners.contains("llamacpp") { return .llamaServer }
        if owners.contains("vllm") { return .vllm }
        if owners.contains("organization_owner") { return .lmStudio }
        if owners == ["library"] { return .ollama }
        return nil
    }

    /// Whether the root says “Ollama is running”; an Ollama without models tells itself by nothing else.
    private func isOllama() async throws -> Bool {
        let (bytes, _) = try await transport.collected(
            .GET, engine.address.root(""), upTo: 64 << 10, timeout: timeout)
        return String(decoding: bytes.prefix(64), as: UTF8.self).hasPrefix("Ollama")
    }

    private func list() async throws -> [RemoteModelFacts] {
        try await transport.json(
            .GET, engine.address.api("models"), upTo: EngineTransport.listLimit, timeout: timeout, as: ModelList.self
        ).0.facts
    }

    private func tags(of kind: EngineKind) async throws -> [RemoteModelFacts] {
        try await transport.json(
            .GET, engine.address.root("api/tags"), upTo: EngineTransport.listLimit, timeout: timeout,
            as: ModelTags.self
        ).0.facts(ownOnly: kind == .roost)
    }
}
