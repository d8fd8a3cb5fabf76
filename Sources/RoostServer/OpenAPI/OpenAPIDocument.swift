import HTTPTypes
import Security

/// The OpenAPI 3.1 document of Roost's own API, made from the routes themselves.
struct OpenAPIDocument: Sendable {
    let version: String
    let routes: [NativeRoute]

    var json: JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        var components: [String: Schema] = [:]
        NativeFailure.schema.collectComponents(into: &components)
        for route in routes {
            route.operation.schemas.forEach { $0.collectComponents(into: &components) }
            paths[route.route.path, default: [:]][route.route.method.rawValue.lowercased()] = json(route)
        }
        let tags = Operation.Tag.allCases.filter { tag in routes.contains { $0.operation.tag == tag } }
        return .object([
            "openapi": .string("3.1.0"),
            "jsonSchemaDialect": .string("https://json-schema.org/draft/2020-12/schema"),
            "info": .object([
                "title": .string("Roost"), "version": .string(version),
                "summary": .string("Find, download, fit, run and guard AI models on your own machine."),
                "description": .string(Self.about),
            ]),
            "servers": .array([.object(["url": .string("/")])]),
            "tags": .array(
                tags.map { .object(["name": .string($0.rawValue), "description": .string($0.note)]) }),
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": .object([
                "schemas": .object(components.mapValues(\.json)),
                "securitySchemes": .object([
                    "key": .object([
                        "type": .string("http"), "scheme": .string("bearer"),
                        "description": .string("An access key, where the server asks for one."),
                    ])
                ]),
            ]),
        ])
    }

    private static let about =
        "Names of models stand in paths as one part, with “/” written as `%2F`: "
        + "`/roost/v1/models/hf.co%2Fuser%2Frepo:Q4_K_M`. Sizes are in bytes, times in RFC 3339, durations in seconds. "
        + "Fields that are not known are left out of answers. Fields that an endpoint does not have are refused in "
        + "request bodies. The APIs of Ollama and OpenAI that this server also speaks are described by their makers."

    private func json(_ route: NativeRoute) -> JSONValue {
        let operation = route.operation
        var fields: [String: JSONValue] = [
            "operationId": .string(operation.id), "summary": .string(operation.summary),
            "tags": .array([.string(operation.tag.rawValue)]),
            "responses": .object(responses(route)),
        ]
        if let note = operation.note { fields["description"] = .string(note) }
        let parameters =
            operation.path.map { parameter($0, "path") } + operation.query.map { parameter($0, "query") }
        if !parameters.isEmpty { fields["parameters"] = .array(parameters) }
        if let body = operation.body {
            fields["requestBody"] = .object([
                "required": .bool(operation.requiresBody),
                "content": .object([NativeJSON.mediaType: .object(["schema": body.closedJSON])]),
            ])
        }
        switch route.route.access {
        case .everyone: fields["security"] = .array([])
        case .scope(let scope):
            // Without keys the machine's owner is answered as he is.
            fields["security"] = .array([.object([:]), .object(["key": .array([])])])
            fields["x-roost-scope"] = .string(scope.rawValue)
        }
        return .object(fields)
    }

    private func parameter(_ parameter: Operation.Parameter, _ place: String) -> JSONValue {
        var schema = parameter.schema
        let note = schema.note
        schema.note = nil
        if parameter.isRepeated { schema = .list(schema, count: 0...NativeRequest.mostRepeated) }
        var fields: [String: JSONValue] = [
            "name": .string(parameter.name), "in": .string(place), "schema": schema.json,
            "required": .bool(place == "path" || parameter.isRequired),
        ]
        if let note { fields["description"] = .string(note) }
        if parameter.isRepeated {
            fields["style"] = .string("form")
            fields["explode"] = .bool(true)
        }
        return .object(fields)
    }

    private func responses(_ route: NativeRoute) -> [String: JSONValue] {
        let operation = route.operation
        var responses: [String: JSONValue] = [:]
        for answer in [operation.answer] + operation.otherAnswers {
            var fields: [String: JSONValue] = ["description": .string(answer.note)]
            if !answer.contents.isEmpty {
                fields["content"] = .object(
                    Dictionary(
                        answer.contents.map { ($0.type, .object(["schema": $0.schema.json])) },
                        uniquingKeysWith: { first, _ in first }))
            }
            responses["\(answer.status.code)"] = .object(fields)
        }
        for failure in route.failures where responses["\(failure.rawValue)"] == nil {
            responses["\(failure.rawValue)"] = .object([
                "description": .string(failure.note),
                "content": .object([NativeJSON.mediaType: .object(["schema": NativeFailure.schema.json])]),
            ])
        }
        return responses
    }
}

extension Operation {
    /// The schemas that may refer to components; a body stands whole where it is used.
    fileprivate var schemas: [Schema] {
        ([answer] + otherAnswers).flatMap { $0.contents.map(\.schema) }
    }
}
