import Foundation
import Hummingbird

/// A request to an endpoint of Roost's own API, its parameters and body checked.
struct NativeRequest: Sendable {
    /// Most values of a parameter that may be given several times.
    static let mostRepeated = 32

    let request: Request
    let context: RoostRequestContext
    private let values: [String: [JSONValue]]
    private let body: Data?

    /// Throws `SchemaFault`, `NativeFailure`, `APIError`.
    init(
        _ request: Request, context: RoostRequestContext, operation: Operation, reader: RequestReader
    ) async throws {
        self.request = request
        self.context = context
        var values: [String: [JSONValue]] = [:]
        for parameter in operation.path {
            guard let raw = context.parameters.get(parameter.name), let text = raw.removingPercentEncoding else {
                throw NativeFailure.invalid(parameter.name, "\(parameter.name) is not valid UTF-8, percent-encoded.")
            }
            values[parameter.name] = [try parameter.value(of: text)]
        }
        let query = operation.query.isEmpty ? [:] : try Self.query(request.uri.query ?? "")
        for parameter in operation.query {
            let texts = query[parameter.name] ?? []
            if texts.isEmpty, parameter.isRequired {
                throw NativeFailure.invalid(parameter.name, "\(parameter.name) is required.")
            }
            let most = parameter.isRepeated ? Self.mostRepeated : 1
            guard texts.count <= most else {
                throw NativeFailure.invalid(
                    parameter.name, "\(parameter.name) is given \(texts.count) times, but must be at most \(most).")
            }
            values[parameter.name] = try texts.map { try parameter.value(of: $0) }
        }
        self.values = values
        guard let schema = operation.body else {
            body = nil
            return
        }
        body = try await reader.jsonBody(of: request)
        guard let body else {
            if operation.requiresBody {
                throw NativeFailure(
                    status: .badRequest, code: "invalid_request", message: "The request body is missing.")
            }
            return
        }
        try schema.check(try RequestReader.decode(JSONValue.self, from: body))
    }

    // MARK: Values

    /// A text; `nil` when the parameter was not given.
    func text(_ name: String) -> String? {
        guard case .string(let text)? = values[name]?.first else { return nil }
        return text
    }

    func texts(_ name: String) -> [String] {
        (values[name] ?? []).compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    func integer(_ name: String) -> Int? {
        guard case .integer(let number)? = values[name]?.first else { return nil }
        return Int(number)
    }

    func number(_ name: String) -> Double? {
        switch values[name]?.first {
        case .integer(let number)?: Double(number)
        case .number(let number)?: number
        default: nil
        }
    }

    func flag(_ name: String) -> Bool? {
        guard case .bool(let flag)? = values[name]?.first else { return nil }
        return flag
    }

    /// The model that the path names.
    ///
    /// - Throws: `NativeFailure`, which a description without that parameter would deserve.
    func model() throws -> String {
        guard let name = text("name") else { throw NativeFailure.invalid("name", "name is required.") }
        return name
    }

    /// The body; `nil` when there is none.
    func decode<Body: Decodable>(_ type: Body.Type) throws -> Body? {
        try body.map { try RequestReader.decode(type, from: $0) }
    }

    /// The body, where the description says that there is one.
    func required<Body: Decodable>(_ type: Body.Type) throws -> Body {
        guard let body = try decode(type) else { throw APIError.invalidRequest("The request body is missing.") }
        return body
    }

    /// Whether the client prefers server-sent events.
    var wantsEvents: Bool {
        request.headers[.accept]?.lowercased().contains(EventStream.mediaType) ?? false
    }

    /// `a=1&b=two+words`, in order of appearance.
    private static func query(_ text: String) throws -> [String: [String]] {
        var values: [String: [String]] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { $0.replacing("+", with: " ").removingPercentEncoding }
            guard let name = decoded[0], let value = decoded.count > 1 ? decoded[1] : "" else {
                throw NativeFailure.invalid("\(parts[0].prefix(80))", "The query is not valid UTF-8, percent-encoded.")
            }
            guard !name.isEmpty else {
                throw NativeFailure.invalid("", "The query has the value “\(value.prefix(40))” without a name.")
            }
            values[name, default: []].append(value)
        }
        return values
    }
}

extension Operation.Parameter {
    /// The value that a text stands for. Throws `SchemaFault`.
    func value(of text: String) throws -> JSONValue {
        let value: JSONValue =
            switch schema.resolved.kind {
            case .integer: Int64(text).map(JSONValue.integer) ?? .string(text)
            case .number: Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .string(text)
            case .boolean: ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
            default: .string(text)
            }
        try schema.check(value, at: name)
        return value
    }
}
