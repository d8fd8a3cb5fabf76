extension Schema {
    /// The schema in JSON Schema's words; components are referred to.
    var json: JSONValue { json(isClosed: false) }

    /// A request's body: fields that are not named are refused.
    var closedJSON: JSONValue { resolved.json(isClosed: true) }

    private func json(isClosed: Bool) -> JSONValue {
        if isClosed, case .component = kind { return resolved.json(isClosed: true) }
        if case .component(let name, _) = kind {
            let reference = JSONValue.object(["$ref": .string("#/components/schemas/\(name)")])
            if isNullable { return .object(["anyOf": .array([reference, .object(["type": .string("null")])])]) }
            guard let note else { return reference }
            return .object(["$ref": .string("#/components/schemas/\(name)"), "description": .string(note)])
        }
        var fields = keywords(isClosed: isClosed)
        if isNullable {
            if let type = fields["type"] { fields["type"] = .array([type, .string("null")]) }
            if case .array(let choices)? = fields["enum"] { fields["enum"] = .array(choices + [.null]) }
            if case .array(let schemas)? = fields["anyOf"] {
                fields["anyOf"] = .array(schemas + [.object(["type": .string("null")])])
            }
        }
        if let note { fields["description"] = .string(note) }
        return .object(fields)
    }

    private func keywords(isClosed: Bool) -> [String: JSONValue] {
        switch kind {
        case .string(let choices, let length, let format):
            var fields: [String: JSONValue] = ["type": .string("string")]
            if !choices.isEmpty { fields["enum"] = .array(choices.map(JSONValue.string)) }
            if let length {
                fields["minLength"] = .integer(Int64(length.lowerBound))
                fields["maxLength"] = .integer(Int64(length.upperBound))
            }
            if let format { fields["format"] = .string(format) }
            return fields
        case .integer(let range):
            return [
                "type": .string("integer"), "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ]
        case .number(let range):
            guard let range else { return ["type": .string("number")] }
            return [
                "type": .string("number"), "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
            ]
        case .boolean: return ["type": .string("boolean")]
        case .array(let element, let count):
            var fields: [String: JSONValue] = ["type": .string("array"), "items": element.json(isClosed: isClosed)]
            if let count {
                fields["minItems"] = .integer(Int64(count.lowerBound))
                fields["maxItems"] = .integer(Int64(count.upperBound))
            }
            return fields
        case .object(let members):
            var fields: [String: JSONValue] = [
                "type": .string("object"),
                "properties": .object(
                    Dictionary(
                        members.map { ($0.name, $0.schema.json(isClosed: isClosed)) },
                        uniquingKeysWith: { first, _ in first })),
            ]
            let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
            if !required.isEmpty { fields["required"] = .array(required) }
            if isClosed { fields["additionalProperties"] = .bool(false) }
            return fields
        case .map(let value):
            return ["type": .string("object"), "additionalProperties": value.json(isClosed: isClosed)]
        case .either(let schemas): return ["anyOf": .array(schemas.map { $0.json(isClosed: isClosed) })]
        case .component, .any: return [:]
        }
    }

    /// The components that it needs, by their names.
    func collectComponents(into components: inout [String: Schema]) {
        switch kind {
        case .component(let name, let schema):
            guard components[name] == nil else { return }
            components[name] = schema
            schema.collectComponents(into: &components)
        case .array(let element, _): element.collectComponents(into: &components)
        case .map(let value): value.collectComponents(into: &components)
        case .object(let fields): for field in fields { field.schema.collectComponents(into: &components) }
        case .either(let schemas): for schema in schemas { schema.collectComponents(into: &components) }
        case .string, .integer, .number, .boolean, .any: break
        }
    }
}
