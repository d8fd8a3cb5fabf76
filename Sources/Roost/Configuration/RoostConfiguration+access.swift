import Foundation
import Security

extension RoostConfiguration {
    /// Reads who may call the server.
    ///
    /// Without `ROOST_ALLOWED_ORIGINS`, the origins of `OLLAMA_ORIGINS` are taken, as far as each is exactly one.
    ///
    /// - Throws: `RoostError.invalidSetting`.
    mutating func readAccessSettings(_ value: (String) -> String?) throws {
        requiresKeys = try DownloadSettings.isOn(value("ROOST_REQUIRE_KEYS"), name: "ROOST_REQUIRE_KEYS")
        allowedHosts = Self.names(in: value("ROOST_ALLOWED_HOSTS"))
        allowedOrigins = Self.names(in: value("ROOST_ALLOWED_ORIGINS"))
        if let wrong = allowedOrigins.first(where: { WebOrigin($0) == nil }) {
            throw RoostError.invalidSetting(
                name: "ROOST_ALLOWED_ORIGINS", value: wrong,
                rule: "origins such as https://chat.example or http://localhost:3000, each by scheme, host and port")
        }
        guard allowedOrigins.isEmpty else { return }
        let others = Self.names(in: value("OLLAMA_ORIGINS"))
        allowedOrigins = others.filter { WebOrigin($0) != nil }
        ignoredOrigins = others.filter { WebOrigin($0) == nil }
    }
}
