import Foundation
import Security

/// Where an engine answers: the root of the server, and the address under which OpenAI's endpoints lie.
///
/// `http://host:8000` stands for `http://host:8000/v1`; an address with a path is taken as it is.
public struct EngineAddress: Sendable, Hashable, CustomStringConvertible {
    /// `https` or `http`.
    public let scheme: String
    /// In lower case, an IPv6 address without brackets.
    public let host: String
    /// The port, the scheme's own when none is written.
    public let port: Int
    /// The path of the API, such as `/v1`, without a slash at its end; empty when it is the server's root.
    public let apiPath: String

    /// The path of the server's root: the API's without `/v1`.
    public var rootPath: String { apiPath.hasSuffix("/v1") ? String(apiPath.dropLast(3)) : apiPath }

    /// Reads an address.
    ///
    /// - Parameter allowsInsecure: takes `http` also to hosts that are neither this machine nor an inner network's.
    /// - Throws: ``RemoteEngineError/invalidSetting(place:value:rule:)`` that names `place`. What it shows of an address
    ///   has no user, password or query.
    public init(parsing text: String, allowsInsecure: Bool = false, place: String = "url") throws {
        func refuse(_ rule: String, showing shown: String? = nil) -> RemoteEngineError {
            .invalidSetting(place: place, value: shown ?? "an address", rule: rule)
        }
        guard text.utf8.count <= 2048, let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.lowercased().trimmingCharacters(in: ["[", "]"]), !host.isEmpty
        else { throw refuse("http://host:port or https://host", showing: Self.shown(text)) }
        guard parts.user == nil, parts.password == nil else {
            throw refuse("without a user or password; put the key into api_key_env or api_key_file")
        }
        guard parts.query == nil, parts.fragment == nil else { throw refuse("without “?” and “#”") }
        guard scheme == "http" || scheme == "https" else { throw refuse("http or https", showing: Self.shown(text)) }
        guard parts.port.map({ (1...65535).contains($0) }) ?? true else {
            throw refuse("with a port of 1 to 65535", showing: Self.shown(text))
        }
        let path = parts.percentEncodedPath
        guard !path.contains("//"), !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw refuse("with a plain path", showing: Self.shown(text))
        }
        let reach = NetworkReach(ofHost: host)
        guard reach != .special else { throw refuse("a host's; \(reach.refusal)", showing: Self.shown(text)) }
        guard scheme == "https" || allowsInsecure || reach == .loopback || reach == .privateNetwork else {
            throw refuse(
                "https, for anyone on the way could read what is sent to “\(host)”; set insecure = true if that network "
                    + "is trusted", showing: Self.shown(text))
        }
        self.scheme = scheme
        self.host = host
        port = parts.port ?? (scheme == "https" ? 443 : 80)
        let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
        apiPath = trimmed.isEmpty ? "/v1" : trimmed
    }

    /// `https://host` or `http://host:port`.
    public var origin: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://" + (port == (scheme == "https" ? 443 : 80) ? name : "\(name):\(port)")
    }

    /// The whole address of the API. It holds no secret.
    public var description: String { origin + apiPath }

    /// The address of an endpoint of the API: `chat/completions`.
    func api(_ path: String) -> String { origin + apiPath + "/" + path }

    /// The address of an endpoint of the server: `health`.
    func root(_ path: String) -> String { origin + rootPath + "/" + path }

    /// An address that could not be read, without what may be a secret in it.
    private static func shown(_ text: String) -> String {
        let head = text.prefix { $0 != "?" && $0 != "#" }
        return head.contains("@") ? "an address" : String(head.prefix(120))
    }
}
