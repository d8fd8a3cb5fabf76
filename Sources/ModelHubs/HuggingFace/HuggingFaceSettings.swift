import Foundation

/// How the Hugging Face Hub is reached, by the same environment variables as its own tools.
public struct HuggingFaceSettings: Hashable, Sendable {
    /// The hub, or a mirror; without a slash at its end.
    public let endpoint: URL
    /// Further places with the same repositories, such as a company's copy: without the token, and only for files
    /// whose content the hub states.
    public let mirrors: [URL]
    /// The token, bound to the endpoint's origin.
    public let credential: OriginCredential?
    /// The variable that turned offline mode on; `nil` when it is off.
    public let offlineSetting: String?

    /// The hub's own address.
    public static let defaultEndpoint = "https://huggingface.co"

    /// Settings made of their parts.
    ///
    /// - Throws: ``ModelHubError/invalidSetting(name:value:rule:)`` when the endpoint is not https (or http on this
    ///   machine) or the token has other characters than visible ASCII.
    public init(
        endpoint: String = HuggingFaceSettings.defaultEndpoint, mirrors: [String] = [], token: String? = nil,
        offlineSetting: String? = nil
    ) throws {
        let (url, origin) = try Self.endpoint(endpoint, setting: "HF_ENDPOINT")
        self.endpoint = url
        self.mirrors = try mirrors.map { try Self.endpoint($0, setting: "a mirror of Hugging Face").url }
        self.offlineSetting = offlineSetting
        guard let token else {
            credential = nil
            return
        }
        credential = OriginCredential(token: token, origin: origin)
        guard credential != nil else {
            throw ModelHubError.invalidSetting(
                name: "the Hugging Face token", value: "not shown",
                rule: "it must be one line of visible ASCII characters")
        }
    }

    /// Reads `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`, `XDG_CACHE_HOME` and `HF_HUB_OFFLINE`.
    ///
    /// A token in `HF_TOKEN` comes first, then the file of `HF_TOKEN_PATH`, then `$HF_HOME/token`. Reads a small file:
    /// call it once, at the start.
    /// - Throws: ``ModelHubError``; a token file that is not there is no error.
    public init(environment: [String: String], homeDirectory: String, mirrors: [String] = []) throws {
        let switches: Set<String> = ["1", "on", "yes", "true"]
        let offline = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].first {
            switches.contains((environment[$0] ?? "").trimmingCharacters(in: .whitespaces).lowercased())
        }
        try self.init(
            endpoint: environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.defaultEndpoint,
            mirrors: mirrors, token: try Self.token(environment: environment, homeDirectory: homeDirectory),
            offlineSetting: offline)
    }

    private static func endpoint(_ given: String, setting: String) throws -> (url: URL, origin: Origin) {
        var text = given
        while text.hasSuffix("/") { text.removeLast() }
        guard let parts = URLComponents(string: text), parts.user == nil, parts.password == nil, parts.query == nil,
            parts.fragment == nil, let url = parts.url, let origin = Origin(url), origin.isSecureOrLoopback
        else {
            throw ModelHubError.invalidSetting(
                name: setting, value: URL(string: text)?.shown ?? text,
                rule: "it must be an https address (http only on this machine)")
        }
        return (url, origin)
    }

    private static func token(environment: [String: String], homeDirectory: String) throws -> String? {
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            let value = environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            if !value.isEmpty { return value }
        }
        let paths = StorePaths(environment: environment, homeDirectory: homeDirectory)
        let path = paths.variable("HF_TOKEN_PATH") ?? paths.huggingFaceHome + "/token"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: 8192) else {
            throw ModelHubError.fileSystem(path: path, reason: "the token file cannot be read")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }
}
