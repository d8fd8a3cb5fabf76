import Foundation

/// Where a value breaks a schema.
struct SchemaFault: Error, Sendable, Hashable {
    /// `messages[0].content`; empty for the whole.
    let field: String
    /// One sentence with the field, its value and the rule.
    let message: String
}

extension Schema {
    /// Checks a value, fields without a schema included.
    ///
    /// - Throws: `SchemaFault`.
    func check(_ value: JSONValue, at path: String = "") throws {
        let schema = resolved
        if value == .null, schema.isNullable || isNullable { return }
        switch (schema.kind, value) {
        case (.any, _), (.boolean, .bool): return
        case (.string(let choices, let length, _), .string(let text)):
            if !choices.isEmpty, !choices.contains(text) {
                throw Self.fault(path, value, "one of \(choices.joined(separator: ", "))")
            }
            if let length, !length.contains(text.unicodeScalars.count) {
                throw SchemaFault(
                    field: path,
                    message: "\(Self.name(path)) has \(text.unicodeScalars.count) characters, but must have "
                        + "\(length.lowerBound) to \(length.upperBound).")
            }
        case (.integer(let range), .integer(let number)):
            if !range.contains(number) { throw Self.fault(path, value, Self.words(range)) }
        case (.integer(let range), .number(let number)):
            guard let whole = Int64(exactly: number), range.contains(whole) else {
                throw Self.fault(path, value, "a whole number, \(Self.words(range))")
            }
        case (.number(let range), .integer(let number)):
            if let range, !range.contains(Double(number)) { throw Self.fault(path, value, Self.words(range)) }
        case (.number(let range), .number(let number)):
            if let range, !range.contains(number) { throw Self.fault(path, value, Self.words(range)) }
        case (.array(let element, let count), .array(let values)):
            if let count, !count.contains(values.count) {
                throw SchemaFault(
                    field: path,
                    message: "\(Self.name(path)) has \(values.count) elements, but must have \(count.lowerBound) to "
                        + "\(count.upperBound).")
            }
            for (index, value) in values.enumerated() { try element.check(value, at: "\(path)[\(index)]") }
        case (.map(let element), .object(let members)):
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                try element.check(value, at: Self.join(path, name))
            }
        case (.object(let fields), .object(let members)): try Self.check(members, fields, at: path)
        case (.either(let schemas), _):
            var faults: [SchemaFault] = []
            for schema in schemas {
                do {
                    return try schema.check(value, at: path)
                } catch let fault as SchemaFault {
                    faults.append(fault)
                }
            }
            // What went furthest says best what was meant.
            if let fault = faults.max(by: { $0.field.count < $1.field.count }) { throw fault }
        default: throw Self.fault(path, value, schema.noun)
        }
    }

    private static func check(_ members: [String: JSONValue], _ fields: [Field], at path: String) throws {
        let known = Set(fields.map(\.name))
        if let unknown = members.keys.filter({ !known.contains($0) }).min() {
            throw SchemaFault(
                field: join(path, unknown),
                message: "There is no field “\(unknown.prefix(80))”\(path.isEmpty ? "" : " in \(path)"); there "
                    + (fields.isEmpty ? "are none." : "are \(fields.map(\.name).joined(separator: ", "))."))
        }
        for field in fields {
            let place = join(path, field.name)
            if let value = members[field.name] {
                try field.schema.check(value, at: place)
            } else if field.isRequired {
                throw SchemaFault(field: place, message: "\(place) is required.")
            }
        }
    }

    // MARK: Words

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? "\(name.prefix(80))" : "\(path).\(name.prefix(80))"
    }

    private static func name(_ path: String) -> String { path.isEmpty ? "The request body" : path }

    private static func fault(_ path: String, _ value: JSONValue, _ rule: String) -> SchemaFault {
        SchemaFault(field: path, message: "\(name(path)) is \(value.shown), but must be \(rule).")
    }

    private static func words(_ range: ClosedRange<Int64>) -> String {
        range.upperBound >= largestInteger
            ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
    }

    private static func words(_ range: ClosedRange<Double>) -> String { "\(range.lowerBound) to \(range.upperBound)" }

    private var noun: String {
        let noun =
            switch resolved.kind {
            case .string(let choices, _, _):
                choices.isEmpty ? "a string" : "one of \(choices.joined(separator: ", "))"
            case .integer: "a whole number"
            case .number: "a number"
            case .boolean: "true or false"
            case .array: "an array"
            case .object, .map, .component: "an object"
            case .either(let schemas): schemas.map(\.noun).joined(separator: " or ")
            case .any: "any value"
            }
        return resolved.isNullable || isNullable ? noun + " or null" : noun
    }
}

extension JSONValue {
    /// A few characters of it, for messages.
    fileprivate var shown: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text): "“\(text.prefix(60))”"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
