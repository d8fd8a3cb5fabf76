import Foundation

/// Which proxy leads to an address, as the variables that other programs use say it.
///
/// This machine (`localhost`, `127.x.x.x`, `::1`) is always reached directly: a proxy would reach itself.
public struct ProxySettings: Hashable, Sendable {
    /// A proxy.
    public struct Server: Hashable, Sendable, CustomStringConvertible {
        /// How a proxy is spoken to.
        public enum Kind: String, Hashable, Sendable {
            /// HTTP: `CONNECT` for https addresses.
            case http
            /// SOCKS version 5, without a password.
            case socks
        }

        /// How it is spoken to.
        public var kind: Kind
        /// Its name or number.
        public var host: String
        /// Its port, 1 to 65535.
        public var port: Int
        /// Sent to the proxy only, with the password.
        public var user: String?
        var password: String?

        /// A proxy.
        public init(kind: Kind = .http, host: String, port: Int, user: String? = nil, password: String? = nil) {
            self.kind = kind
            self.host = host
            self.port = port
            self.user = user
            self.password = password
        }

        /// Never the password.
        public var description: String { "\(kind.rawValue)://\(host):\(port)" }
    }

    /// For http addresses.
    public var http: Server?
    /// For https addresses.
    public var https: Server?
    /// Addresses that are reached directly.
    public var exceptions: [ProxyException] = []
    /// A variable that cannot be used, and why: every download says so rather than go around the proxy.
    var problem: DownloadError?

    /// Straight to every address.
    public init() {}

    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; the names in lower case go first, as in curl.
    ///
    /// A proxy is `[http://|socks5://][user:password@]host[:port]`. `NO_PROXY` is a list with commas or spaces of `*`,
    /// domains (`example.com`, `.example.com`: with everything below), numbers, networks (`10.0.0.0/8`), each but the
    /// networks also with `:port`. A value that is none of these makes every download fail with
    /// ``DownloadError/invalidProxy(variable:rule:)``.
    public static func fromEnvironment(_ environment: [String: String]) -> ProxySettings {
        var settings = ProxySettings()
        func server(_ names: [String]) -> Server? {
            for name in names {
                for variable in [name.lowercased(), name] {
                    guard let text = environment[variable]?.trimmingCharacters(in: .whitespaces), !text.isEmpty else {
                        continue
                    }
                    switch Server.parse(text) {
                    case .success(let server): return server
                    case .failure(let rule):
                        settings.problem = .invalidProxy(variable: variable, rule: rule.text)
                        return nil
                    }
                }
            }
            return nil
        }
        settings.https = server(["HTTPS_PROXY", "ALL_PROXY"])
        settings.http = server(["HTTP_PROXY", "ALL_PROXY"])
        let list = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        settings.exceptions = list.split { $0 == "," || $0.isWhitespace }.compactMap { ProxyException(String($0)) }
        return settings
    }

    /// The proxy for an address; `nil` to go straight.
    /// - Throws: ``DownloadError/invalidProxy(variable:rule:)``.
    public func server(for url: URL) throws -> Server? {
        if let problem { throw problem }
        guard let host = url.host, !SourceRules.isLoopback(host) else { return nil }
        let isSecure = url.scheme?.lowercased() == "https"
        guard let server = isSecure ? https : http else { return nil }
        let port = url.port ?? (isSecure ? 443 : 80)
        return exceptions.contains { $0.covers(host: host, port: port) } ? nil : server
    }
}

extension ProxySettings.Server {
    struct Rule: Error { var text: String }

    static func parse(_ text: String) -> Result<Self, Rule> {
        let full = text.contains("://") ? text : "http://" + text
        guard let components = URLComponents(string: full), let host = components.host, !host.isEmpty else {
            return .failure(Rule(text: "it must be like http://host:port"))
        }
        guard components.port.map({ (1...65535).contains($0) }) ?? true else {
            return .failure(Rule(text: "the port must be 1 to 65535"))
        }
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        switch components.scheme?.lowercased() {
        case "http":
            return .success(
                Self(
                    kind: .http, host: bare, port: components.port ?? 80, user: components.user,
                    password: components.password))
        case "socks", "socks5", "socks5h":
            guard components.user == nil else {
                return .failure(Rule(text: "a SOCKS proxy with a password is not supported; use an HTTP proxy"))
            }
            return .success(Self(kind: .socks, host: bare, port: components.port ?? 1080))
        case "https":
            return .failure(Rule(text: "a proxy that is itself reached over https is not supported; use http://"))
        default:
            return .failure(Rule(text: "it must begin with http:// or socks5://"))
        }
    }
}
