import HTTPTypes
import Hummingbird
import Roost

/// The routes of every dialect behind the guards.
enum ServerRouter {
    /// All dialects; an error on a path that none owns takes the first one's form.
    static func dialects(_ parts: ServerParts) -> [any Dialect] {
        [
            NativeDialect(parts: parts),
            OllamaDialect(parts: parts),
            AnthropicDialect(parts: parts),
            LlamaServerDialect(parts: parts),
            OpenAIDialect(parts: parts),
            MetricsDialect(parts: parts),
        ]
    }

    /// The router of a server.
    static func make(_ parts: ServerParts) -> Router<RoostRequestContext> {
        let configuration = parts.configuration
        let dialects = dialects(parts)
        let router = Router(context: RoostRequestContext.self, options: .autoGenerateHeadEndpoints)
        let errors = ErrorResponder(
            dialects: dialects, methods: methods(of: dialects), serverName: "roost/\(configuration.version)")
        // Errors of the guards are answered outside them, those of handlers inside: a browser may read the latter.
        router.add(middleware: errors)
        router.add(middleware: HostGuard(configuration: configuration))
        router.add(middleware: OriginGuard(configuration: configuration))
        router.add(middleware: errors)
        router.add(middleware: DrainGuard(control: parts.control))
        router.add(middleware: Authenticator(policy: parts.policy))
        router.add(middleware: ConversationSaver())
        for route in dialects.flatMap(\.routes) { route.add(to: router) }
        return router
    }

    /// The methods of each path without parameters.
    private static func methods(of dialects: [any Dialect]) -> [String: Set<String>] {
        dialects.flatMap(\.routes).reduce(into: [:]) { methods, route in
            methods[route.path, default: []].insert(route.method.rawValue)
        }
    }
}
