import Foundation
import Hummingbird
import NIOHTTP1
import Roost
import Security

@testable import RoostServer

extension TestServer {
    /// The file of this server's keys.
    var keyFile: AccessKeyFile { AccessKeyFile(home: home) }

    /// Makes a key and returns what its owner sends.
    func key(
        _ name: String, _ scopes: Set<AccessScope> = [.infer, .read], models: [String] = [],
        lifetime: KeyLifetime = .unlimited, now: Date = Date()
    ) throws -> String {
        try keyFile.create(
            name: name, scopes: scopes, models: models.compactMap { ModelPattern($0) }, lifetime: lifetime, now: now
        ).token.text
    }

    /// Sends a request with a key.
    func send(_ method: HTTPMethod, _ path: String, _ body: String? = nil, key: String) async throws -> Reply {
        try await send(method, path, body, headers: ["Authorization": "Bearer \(key)"])
    }

    /// Every endpoint of every dialect.
    func routes() -> [ServerRoute] {
        ServerRouter.dialects(
            ServerParts(
                manager: manager, configuration: RoostServerConfiguration(manager.configuration),
                active: ActiveGenerations())
        ).flatMap(\.routes)
    }
}

extension ServerRoute {
    /// A path that leads here, with `value` for each parameter.
    func path(with value: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") || $0.hasPrefix(":") || $0.contains("*") ? value : String($0) }
            .joined(separator: "/")
    }

    /// The method, as the client of the tests has it.
    var clientMethod: HTTPMethod { HTTPMethod(rawValue: method.rawValue) }
}
