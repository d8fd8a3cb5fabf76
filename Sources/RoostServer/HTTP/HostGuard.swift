import Foundation
import HTTPTypes
import Hummingbird

/// Answers only requests that name this server in their `Host` header.
///
/// A web page whose own name was made to resolve to 127.0.0.1 (DNS rebinding, CVE-2024-28224) sends its name there. The
/// list is the same whatever address the server listens on.
struct HostGuard: RouterMiddleware {
    typealias Context = RoostRequestContext

    private let allowedHosts: Set<String>

    init(configuration: RoostServerConfiguration) {
        var hosts: Set<String> = ["localhost", "127.0.0.1", "[::1]"]
        if !["0.0.0.0", "::", "[::]", ""].contains(configuration.host) {
            hosts.formUnion([configuration.host].compactMap(Self.name(ofHost:)))
        }
        hosts.formUnion(configuration.allowedHosts.compactMap(Self.name(ofHost:)))
        allowedHosts = hosts
    }

    func handle(
        _ request: Request, context: RoostRequestContext,
        next: (Request, RoostRequestContext) async throws -> Response
    ) async throws -> Response {
        // A second Host header is left among the fields: what names two hosts names none.
        guard let authority = request.head.authority,
            !request.headers.contains(where: { $0.name.canonicalName == "host" })
        else {
            throw APIError.forbidden("The request must carry exactly one Host header.")
        }
        guard let host = Self.name(ofAuthority: authority), allowedHosts.contains(host) else {
            throw APIError.forbidden(
                "This server does not answer to the host name “\(authority.prefix(255))”; use localhost, or start it "
                    + "with --allow-host.")
        }
        return try await next(request, context)
    }

    /// The host of `host`, `host:port`, `[v6]` or `[v6]:port` in lower case; `nil` when it is none of them.
    static func name(ofAuthority authority: String) -> String? {
        let host: Substring
        let rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[...end]
            rest = authority[authority.index(after: end)...]
        } else {
            let end = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<end]
            rest = authority[end...]
        }
        guard rest.isEmpty || rest.first == ":" && UInt16(rest.dropFirst()) != nil else { return nil }
        return host.isEmpty ? nil : host.lowercased()
    }

    /// A configured name in the form that `name(ofAuthority:)` gives, without its port; `nil` for what no `Host` names,
    /// such as a pattern or an address with its scheme.
    static func name(ofHost host: String) -> String? {
        let isBareIPv6 = host.filter { $0 == ":" }.count > 1 && !host.hasPrefix("[")
        guard let name = name(ofAuthority: isBareIPv6 ? "[\(host)]" : host) else { return nil }
        let isName = name.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || (name.hasPrefix("[") ? "[]:.%" : "-._").utf8.contains(byte)
        }
        return isName ? name : nil
    }
}
