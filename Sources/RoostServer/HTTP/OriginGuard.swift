import HTTPTypes
import Hummingbird
import Security

/// Lets web pages of configured origins call from a browser, and no others.
///
/// A browser says in `Origin` and `Sec-Fetch-Site` which page makes it send a request. The server's own pages pass, and
/// those whose origin is exactly one of the configured ones, which may read the answers too (CORS). Pages of other
/// origins change nothing: neither by a script, nor by a form, nor over a WebSocket. What they fetch with GET they cannot
/// read, for no answer names their origin; `null` is nobody's. Requests without either header come from programs.
///
/// That the page is on the same machine makes no difference: any program can serve one, on any port.
struct OriginGuard: RouterMiddleware {
    typealias Context = RoostRequestContext

    private static let methods = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
    private static let headers =
        "Authorization, Content-Type, User-Agent, Accept, X-Requested-With, X-API-Key, Anthropic-Version, "
        + "Anthropic-Beta, Anthropic-Dangerous-Direct-Browser-Access, X-Stainless-Lang, "
        + "X-Stainless-Package-Version, X-Stainless-OS, X-Stainless-Arch, X-Stainless-Retry-Count, "
        + "X-Stainless-Runtime, X-Stainless-Runtime-Version, X-Stainless-Async, X-Stainless-Helper-Method, "
        + "X-Stainless-Poll-Helper, X-Stainless-Custom-Poll-Interval, X-Stainless-Timeout, OpenAI-Beta, "
        + "X-Roost-Save, X-Request-Id, Last-Event-ID"
    /// What its pages may read besides what every page may.
    private static let readableHeaders = "X-Roost-Conversation, X-Roost-Warning, X-Request-Id, Retry-After"

    private let allowedOrigins: Set<WebOrigin>
    /// The scheme of this server's own pages.
    private let scheme: String

    init(configuration: RoostServerConfiguration) {
        allowedOrigins = Set(configuration.allowedOrigins.compactMap { WebOrigin($0) })
        scheme = configuration.scheme
    }

    func handle(
        _ request: Request, context: RoostRequestContext,
        next: (Request, RoostRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        switch page(of: request) {
        case .none: response = try await next(request, context)
        case .allowed(let origin):
            if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
                response = Response(
                    status: .noContent,
                    headers: [
                        .accessControlAllowMethods: Self.methods, .accessControlAllowHeaders: Self.headers,
                        .accessControlMaxAge: "43200",
                    ])
            } else {
                response = try await next(request, context)
            }
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.accessControlExposeHeaders] = Self.readableHeaders
        case .foreign(let origin):
            guard request.method == .get || request.method == .head, request.headers[.upgrade] == nil else {
                throw APIError.forbidden(
                    "Web pages of \(origin.map { "“\($0.prefix(255))”" } ?? "other sites") may not call this server; "
                        + "its owner can allow an origin with --allow-origin.")
            }
            response = try await next(request, context)
        }
        if !allowedOrigins.isEmpty { response.headers[.vary] = "Origin" }
        return response
    }

    /// The web page that makes a browser send a request.
    private enum Page {
        /// No page, or one of this server's own.
        case none
        /// A page of a configured origin, as the browser writes that.
        case allowed(String)
        /// A page of another origin, where the browser says which.
        case foreign(String?)
    }

    private func page(of request: Request) -> Page {
        let origins = request.headers[values: .origin]
        guard let text = origins.first else {
            // A form or a link of another page, from a browser that leaves the origin out.
            let site = request.headers[.secFetchSite]
            return site == nil || site == "none" || site == "same-origin" ? .none : .foreign(nil)
        }
        guard origins.count == 1, let origin = WebOrigin(text) else { return .foreign(text) }
        if allowedOrigins.contains(origin) { return .allowed(text) }
        if let host = request.head.authority, WebOrigin("\(scheme)://\(host)") == origin { return .none }
        return .foreign(text)
    }
}

extension HTTPField.Name {
    /// How the page that sends a request stands to the server (Fetch Metadata).
    static let secFetchSite = Self("Sec-Fetch-Site") ?? .origin
}
