import Foundation
import HTTPTypes
import Hummingbird

/// Lets web pages of this machine and of configured origins call from a browser, and no others.
///
/// As Ollama's defaults have it: pages from `localhost`, `127.0.0.1` or `[::1]` on any port, and the origins of desktop
/// shells. Requests without `Origin` (programs, not browsers) pass. `null` never does, and no origin is reflected that
/// is not allowed by name.
struct OriginGuard: RouterMiddleware {
    typealias Context = RoostRequestContext

    private static let localHosts: Set<String> = ["localhost", "127.0.0.1", "[::1]"]
    private static let shellSchemes: Set<String> = ["app", "file", "tauri", "vscode-webview", "vscode-file"]
    private static let methods = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
    private static let headers =
        "Authorization, Content-Type, User-Agent, Accept, X-Requested-With, X-Stainless-Lang, "
        + "X-Stainless-Package-Version, X-Stainless-OS, X-Stainless-Arch, X-Stainless-Retry-Count, "
        + "X-Stainless-Runtime, X-Stainless-Runtime-Version, X-Stainless-Async, X-Stainless-Helper-Method, "
        + "X-Stainless-Poll-Helper, X-Stainless-Custom-Poll-Interval, X-Stainless-Timeout, OpenAI-Beta"

    private let allowedOrigins: Set<String>

    init(configuration: RoostServerConfiguration) {
        allowedOrigins = Set(configuration.allowedOrigins.map { $0.lowercased() })
    }

    func handle(
        _ request: Request, context: RoostRequestContext,
        next: (Request, RoostRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        guard isAllowed(origin) else {
            throw APIError.forbidden("Web pages of “\(origin.prefix(255))” may not call this server.")
        }
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            return Response(
                status: .noContent,
                headers: [
                    .accessControlAllowOrigin: origin, .accessControlAllowMethods: Self.methods,
                    .accessControlAllowHeaders: Self.headers, .accessControlMaxAge: "43200", .vary: "Origin",
                ])
        }
        var response = try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
        return response
    }

    /// Whether pages of this origin may call.
    func isAllowed(_ origin: String) -> Bool {
        let origin = origin.lowercased()
        if allowedOrigins.contains(origin) { return true }
        guard let separator = origin.range(of: "://") else { return false }
        let scheme = String(origin[..<separator.lowerBound])
        if Self.shellSchemes.contains(scheme) { return true }
        guard scheme == "http" || scheme == "https" else { return false }
        guard let host = HostGuard.name(ofAuthority: String(origin[separator.upperBound...])) else { return false }
        return Self.localHosts.contains(host)
    }
}
