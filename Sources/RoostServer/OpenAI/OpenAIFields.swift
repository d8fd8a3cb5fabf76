import Roost

/// What requests for chats, completions and responses have in common.
enum OpenAIFields {
    /// Throws `APIError.invalidRequest` when no model is named.
    static func model(_ model: String?) throws -> String {
        guard let model, !model.isEmpty else {
            throw APIError.invalidRequest("you must provide a model parameter", parameter: "model")
        }
        return model
    }

    /// The form that an answer must have. Throws `APIError.invalidRequest`.
    ///
    /// - Parameters:
    ///   - field: where the type stands.
    ///   - schemaField: where the schema must stand.
    static func format(
        _ type: String?, schema: JSONText?, field: String, schemaField: String
    ) throws -> OutputFormat {
        switch type {
        case nil, "text": return .text
        case "json_object":
            guard let schema, schema.isObject else { return .json }
            return .jsonSchema(schema.text)
        case "json_schema":
            guard let schema, !schema.isNull else {
                throw APIError.invalidRequest("\(schemaField) is required.", parameter: schemaField)
            }
            guard schema.isObject else {
                throw APIError.invalidRequest("\(schemaField) must be an object.", parameter: schemaField)
            }
            return .jsonSchema(schema.text)
        case .some(let type):
            throw APIError.invalidRequest(
                "\(field) of type “\(type.prefix(40))” is not supported; use text, json_object or json_schema.",
                parameter: field)
        }
    }

    private static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

    /// How hard the model is to think: templates that know degrees read `reasoning_effort`, those that only know yes
    /// and no are told either. Throws `APIError.invalidRequest`.
    static func apply(effort: String?, field: String, to chat: inout ChatRequest) throws {
        guard let effort else { return }
        guard efforts.contains(effort) else {
            throw APIError.invalidRequest(
                "\(field) is “\(effort.prefix(40))”, but must be \(efforts.dropLast().joined(separator: ", ")) or max.",
                parameter: field)
        }
        chat.isThinking = effort != "none"
        if effort != "none" { chat.templateArguments["reasoning_effort"] = "\"\(effort)\"" }
    }

    /// Refuses a field that asks for what is not offered. Throws `APIError.invalidRequest`.
    static func refuse(_ value: JSONValue?, _ field: String, _ sentence: String) throws {
        guard let value, !value.isEmpty else { return }
        throw APIError.invalidRequest(sentence, parameter: field)
    }
}
