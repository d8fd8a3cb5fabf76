import HTTPTypes
import Hummingbird
import Roost

/// The routes of every dialect behind the guards.
enum ServerRouter {
    /// All dialects; an error on a path that none owns takes the first one's form.
    static func dialects(
        manager: ModelManager, configuration: RoostServerConfiguration, active: ActiveGenerations
    ) -> [any Dialect] {
        let runner = GenerationRunner(manager: manager, active: active)
        let reader = RequestReader(configuration: configuration)
        return [
            NativeDialect(manager: manager, reader: reader, version: configuration.version),
            OllamaDialect(manager: manager, runner: runner, reader: reader, version: configuration.version),
            OpenAIDialect(manager: manager, runner: runner, reader: reader),
        ]
    }

    /// The router of a server.
    static func make(dialects: [any Dialect], configuration: RoostServerConfiguration) -> Router<RoostRequestContext> {
        let router = Router(context: RoostRequestContext.self, options: .autoGenerateHeadEndpoints)
        let errors = ErrorResponder(
            dialects: dialects, methods: methods(of: dialects), serverName: "roost/\(configuration.version)")
        // Errors of the guards are answered outside them, those of handlers inside: a browser may read the latter.
        router.add(middleware: errors)
        router.add(middleware: HostGuard(configuration: configuration))
        router.add(middleware: OriginGuard(configuration: configuration))
        router.add(middleware: errors)
        for dialect in dialects { dialect.addRoutes(to: router) }
        return router
    }

    /// The methods of each path without parameters.
    private static func methods(of dialects: [any Dialect]) -> [String: Set<String>] {
        let router = Router(context: RoostRequestContext.self)
        for dialect in dialects { dialect.addRoutes(to: router) }
        return router.routes.reduce(into: [:]) { methods, route in
            methods["\(route.path)", default: []].insert(route.method.rawValue)
        }
    }
}
