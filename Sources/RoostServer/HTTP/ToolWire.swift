import Foundation
import Roost

/// A function that a model may call, as both dialects describe it.
struct WireTool: Decodable, Sendable {
    struct Function: Decodable, Sendable {
        var name: String
        var description: String?
        var parameters: JSONText?
    }

    var type: String?
    var function: Function?

    /// Most tools of one request, as OpenAI has it.
    static let maximumCount = 128

    /// The functions of `tools`. Throws `APIError.invalidRequest` that names the field.
    static func definitions(_ tools: [WireTool]?) throws -> [ToolDefinition] {
        let tools = tools ?? []
        guard tools.count <= maximumCount else {
            throw APIError.invalidRequest(
                "tools has \(tools.count) functions, but must have at most \(maximumCount).", parameter: "tools")
        }
        return try tools.enumerated().map { index, tool in
            let type = tool.type ?? "function"
            guard type == "function" else {
                throw APIError.invalidRequest(
                    "tools[\(index)].type is “\(type.prefix(40))”, but must be function.",
                    parameter: "tools[\(index)].type")
            }
            guard let function = tool.function else {
                throw APIError.invalidRequest(
                    "tools[\(index)].function is required.", parameter: "tools[\(index)].function")
            }
            return try definition(
                name: function.name, description: function.description, parameters: function.parameters,
                field: "tools[\(index)].function")
        }
    }

    /// A function whose parts stand in `field`. Throws `APIError.invalidRequest` that names the part.
    static func definition(
        name: String, description: String?, parameters: JSONText?, field: String, schemaName: String = "parameters"
    ) throws -> ToolDefinition {
        guard !name.isEmpty, name.count <= 128 else {
            throw APIError.invalidRequest(
                "\(field).name must have 1 to 128 characters.", parameter: "\(field).name")
        }
        var definition = ToolDefinition(name: name, description: description ?? "")
        if let parameters, !parameters.isNull {
            guard parameters.isObject else {
                throw APIError.invalidRequest(
                    "\(field).\(schemaName) must be an object.", parameter: "\(field).\(schemaName)")
            }
            definition.parameters = parameters.text
        }
        return definition
    }
}

/// A function call in the history of a conversation: the arguments are a string with JSON (OpenAI) or an object
/// (Ollama); either is taken.
struct WireToolCall: Decodable, Sendable {
    struct Function: Decodable, Sendable {
        var name: String
        var arguments: JSONText?
    }

    var id: String?
    var function: Function

    /// The call, with the id that the client gave it, or one made from its place.
    func call(index: Int) -> ToolCall {
        let arguments = function.arguments.flatMap { $0.isNull ? nil : $0.string ?? $0.text } ?? "{}"
        return ToolCall(id: id ?? "call_\(index)", name: function.name, arguments: arguments)
    }
}

/// A picture in a request.
enum WireImage {
    /// Largest picture, in bytes.
    static let maximumByteCount = 32 << 20

    /// The bytes of a base64 text. Throws `APIError.invalidRequest` that names the field.
    static func data(base64 text: some StringProtocol, field: String) throws -> Data {
        guard let data = Data(base64Encoded: String(text), options: .ignoreUnknownCharacters), !data.isEmpty else {
            throw APIError.invalidRequest("\(field) is not a picture in base64.", parameter: field)
        }
        guard data.count <= maximumByteCount else {
            throw APIError.invalidRequest(
                "\(field) has \(data.count) bytes, but must have at most \(maximumByteCount).", parameter: field)
        }
        return data
    }

    /// The bytes of a `data:` URL; nothing is fetched from a network. Throws `APIError.invalidRequest`.
    static func data(url: String, field: String) throws -> Data {
        guard url.lowercased().hasPrefix("data:") else {
            throw APIError.invalidRequest(
                "\(field) is “\(url.prefix(60))”, but pictures are not fetched: send a data: URL with base64.",
                parameter: field)
        }
        guard let comma = url.firstIndex(of: ","), url[..<comma].lowercased().hasSuffix(";base64") else {
            throw APIError.invalidRequest("\(field) must be a data: URL with base64.", parameter: field)
        }
        return try data(base64: url[url.index(after: comma)...], field: field)
    }
}
