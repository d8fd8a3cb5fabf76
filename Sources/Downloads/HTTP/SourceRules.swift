import Foundation
import Security

/// Which addresses bytes may come from, and how an address is shown.
enum SourceRules {
    /// https, or http to this machine; a host; no password in the address.
    static func check(_ url: URL) throws {
        guard let scheme = url.scheme?.lowercased(), let host = url.host, !host.isEmpty else {
            throw DownloadError.invalidURL(shown(url), rule: "it must begin with https:// and name a host")
        }
        guard url.user == nil, url.password == nil else {
            throw DownloadError.invalidURL(shown(url), rule: "it must not contain a user name or password")
        }
        switch scheme {
        case "https": return
        case "http" where isLoopback(host): return
        case "http": throw DownloadError.insecureURL(shown(url))
        default: throw DownloadError.invalidURL(shown(url), rule: "it must begin with https://")
        }
    }

    /// Where a redirect leads; refuses to leave https.
    static func target(of location: String, from url: URL) throws -> URL {
        guard let next = URL(string: location, relativeTo: url)?.absoluteURL else {
            throw DownloadError.invalidURL(
                printable(location), rule: "the server redirects to it, but it is no address")
        }
        if url.scheme?.lowercased() == "https", next.scheme?.lowercased() == "http" {
            throw DownloadError.insecureRedirect(from: shown(url), to: shown(next))
        }
        try check(next)
        let reach = { (url: URL) in NetworkReach(ofHost: (url.host ?? "").trimmingCharacters(in: ["[", "]"])) }
        guard reach(url).mayLead(to: reach(next)) else {
            throw DownloadError.innerRedirect(from: shown(url), to: shown(next))
        }
        return next
    }

    /// Names and numbers that never leave this machine.
    static func isLoopback(_ host: String) -> Bool {
        NetworkReach(ofHost: host.trimmingCharacters(in: ["[", "]"])) == .loopback
    }

    /// The address without its query and password: a signed address is a secret.
    static func shown(_ url: URL) -> String {
        guard var components = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return "an address" }
        components.query = nil
        components.fragment = nil
        components.user = nil
        components.password = nil
        return printable(components.string ?? "an address")
    }

    /// Text of a server's making, short and without control characters.
    static func printable(_ text: String) -> String {
        let clean = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        return String(String(clean).prefix(300))
    }
}
