/// What a JSON value of Roost's own API may be: it is written into the OpenAPI document, and requests are checked
/// against it, so that the two cannot differ.
struct Schema: Sendable {
    indirect enum Kind: Sendable {
        /// `choices`, when there are any, are all that it may be; `length` is in Unicode code points.
        case string(choices: [String], length: ClosedRange<Int>?, format: String?)
        case integer(ClosedRange<Int64>)
        case number(ClosedRange<Double>?)
        case boolean
        case array(Schema, count: ClosedRange<Int>?)
        /// Fields that are not named are refused in requests and tolerated in answers.
        case object([Field])
        /// Any names, one kind of value.
        case map(Schema)
        /// One of several.
        case either([Schema])
        /// A schema with a name, written once in the document.
        case component(String, Schema)
        case any
    }

    /// A field of an object.
    struct Field: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool

        static func required(_ name: String, _ schema: Schema) -> Field {
            Field(name: name, schema: schema, isRequired: true)
        }

        static func optional(_ name: String, _ schema: Schema) -> Field {
            Field(name: name, schema: schema, isRequired: false)
        }

        /// A field of a request that may be left out or `null`.
        static func wish(_ name: String, _ schema: Schema) -> Field { .optional(name, schema.orNull) }
    }

    var kind: Kind
    /// What it says, for people.
    var note: String?
    var isNullable = false

    /// The same, or `null`.
    var orNull: Schema {
        var schema = self
        schema.isNullable = true
        return schema
    }

    /// The same with other words.
    func saying(_ note: String) -> Schema {
        var schema = self
        schema.note = note
        return schema
    }

    /// A component's own schema, else this.
    var resolved: Schema {
        guard case .component(_, var schema) = kind else { return self }
        schema.isNullable = schema.isNullable || isNullable
        return schema
    }
}

extension Schema {
    /// Largest number of bytes and the like: what JavaScript still counts exactly.
    static let largestInteger: Int64 = 9_007_199_254_740_991

    static func string(_ note: String? = nil) -> Schema {
        Schema(kind: .string(choices: [], length: nil, format: nil), note: note)
    }

    /// A text of a request, with its length in code points.
    static func text(_ length: ClosedRange<Int>, _ note: String) -> Schema {
        Schema(kind: .string(choices: [], length: length, format: nil), note: note)
    }

    /// One of the events of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html): what is described
    /// is each event, as OpenAPI's tools read streams.
    static let serverSentEvent = Schema(
        kind: .object([
            .required("event", .string("What it tells of.")), .required("data", .string("JSON.")),
            .optional("id", .string("Its number in this stream.")),
        ]))

    static func choice(_ choices: [String], _ note: String? = nil) -> Schema {
        Schema(kind: .string(choices: choices, length: nil, format: nil), note: note)
    }

    /// The values of an enumeration.
    static func choice<Value: RawRepresentable & CaseIterable>(of type: Value.Type, _ note: String? = nil) -> Schema
    where Value.RawValue == String {
        choice(type.allCases.map(\.rawValue), note)
    }

    static func date(_ note: String) -> Schema {
        Schema(kind: .string(choices: [], length: nil, format: "date-time"), note: note)
    }

    static func integer(_ range: ClosedRange<Int64>, _ note: String? = nil) -> Schema {
        Schema(kind: .integer(range), note: note)
    }

    /// A number of things, from 0 up.
    static func count(_ note: String) -> Schema { integer(0...largestInteger, note) }

    static func number(_ note: String) -> Schema { Schema(kind: .number(nil), note: note) }

    static func number(_ range: ClosedRange<Double>, _ note: String) -> Schema {
        Schema(kind: .number(range), note: note)
    }

    static func boolean(_ note: String? = nil) -> Schema { Schema(kind: .boolean, note: note) }

    static func list(_ element: Schema, count: ClosedRange<Int>? = nil, _ note: String? = nil) -> Schema {
        Schema(kind: .array(element, count: count), note: note)
    }

    static func object(_ fields: [Field], _ note: String? = nil) -> Schema {
        Schema(kind: .object(fields), note: note)
    }

    static func either(_ schemas: [Schema], _ note: String? = nil) -> Schema {
        Schema(kind: .either(schemas), note: note)
    }

    /// An object with a name in the document.
    static func component(_ name: String, _ note: String, _ fields: [Field]) -> Schema {
        Schema(kind: .component(name, .object(fields, note)))
    }
}
