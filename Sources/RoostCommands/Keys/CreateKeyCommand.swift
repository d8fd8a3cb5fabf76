import ArgumentParser
import Foundation
import Roost
import RoostServer
import Security
import Terminal

/// `roost keys create`: makes a key and shows it, once.
struct CreateKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key and show it once.",
        discussion: """
            The key goes to standard output, all else to standard error.

            Scopes: infer (chat, completions, embeddings), read (lists and facts), pull (bring models in), delete \
            (remove models), metrics, admin (the server itself, and keys).
            """)

    @Argument(help: "What to call it: letters, digits, “-”, “_” and “.”.")
    var name: String

    @Option(name: .customLong("scope"), help: "What it allows. May be repeated. Default: infer and read.")
    var scopes: [AccessScope] = []

    @Option(
        name: .customLong("model"),
        help: "A model that it allows, with * for any text and ? for one character. May be repeated. Default: all.")
    var models: [ModelPattern] = []

    @Option(help: "How long it is good for: 90d, 12h, 30m, 2w or never.")
    var expires = KeyLifetime.unlimited

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let configuration = try RoostConfiguration.fromEnvironment()
        let file = AccessKeyFile(home: configuration.homeDirectory)
        let isFirst = try file.keys() == nil
        let (key, token) = try file.create(
            name: name, scopes: scopes.isEmpty ? [.infer, .read] : Set(scopes), models: models, lifetime: expires)
        if json {
            try Console.output.printJSON(CreatedKey(key: key, token: token))
        } else {
            Console.error.print(Self.summary(key))
            Console.output.print(token.text)
            Console.error.print(Self.usage(configuration))
        }
        if isFirst, configuration.requiresKeys != false {
            Console.error.print("From now on the server asks everybody for a key; this machine's own roost needs none.")
        }
        if configuration.requiresKeys == false {
            Console.error.print("The server asks for no keys, for require_keys is false.")
        }
    }

    private static func summary(_ key: AccessKey) -> String {
        let scopes = AccessScope.allCases.filter(key.scopes.contains).map(\.rawValue).joined(separator: ", ")
        let models = key.models.isEmpty ? "all models" : key.models.map(\.description).joined(separator: ", ")
        let end = key.expiresAt.map { "until " + $0.formatted(.iso8601) } ?? "never expires"
        return "Key “\(key.name)” (\(key.id)): \(scopes); \(models); \(end). It is shown this once:"
    }

    private static func usage(_ configuration: RoostConfiguration) -> String {
        let recorded = RunningServer.recorded(inHome: configuration.homeDirectory).flatMap { $0.isAlive ? $0 : nil }
        let server =
            recorded
            ?? RunningServer(
                pid: 0, host: configuration.listenHost, port: configuration.listenPort, version: "", startedAt: .now)
        return """
            Clients send it so:
              any        Authorization: Bearer KEY, or X-API-Key: KEY
              OpenAI's   OPENAI_API_KEY=KEY OPENAI_BASE_URL=\(server.baseURL)/v1
              Ollama's   OLLAMA_API_KEY=KEY OLLAMA_HOST=\(server.baseURL)
            """
    }
}

/// A key that was made, as JSON.
private struct CreatedKey: Encodable {
    let key: AccessKey
    let token: AccessToken

    private enum CodingKeys: CodingKey { case key }

    func encode(to encoder: any Encoder) throws {
        try ListedKey(key, now: Date()).encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(token.text, forKey: .key)
    }
}
