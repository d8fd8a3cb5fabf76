import LlamaBridge

/// JSON schemas as the engine may see them, and their grammars.
enum JSONSchemaRules {
    /// Bytes of a schema.
    static let byteLimit = 256 << 10
    /// Objects and arrays within each other.
    static let depthLimit = 64

    /// A schema for output, made so that what its grammar lets through validates against it: patterns and ranges of
    /// numbers are written out, references resolved where they have to be, and what a grammar cannot hold is refused.
    ///
    /// Throws `InferenceError.invalidSchema`.
    static func prepared(_ schema: String) throws -> PreparedSchema {
        try checkBounds(schema)
        var error: UnsafeMutablePointer<CChar>?
        var additions: UnsafeMutablePointer<CChar>?
        let result = roost_schema_prepare(schema, &additions, &error)
        defer {
            roost_free(error)
            roost_free(additions)
            roost_free(result)
        }
        guard let result else { throw invalid(error) }
        let prepared = PreparedSchema(
            text: String(cString: result), additions: additions.map { String(cString: $0) } ?? "")
        _ = try prepared.grammar()
        return prepared
    }

    /// Throws `InferenceError.invalidSchema` when the schema of a tool's arguments is one that the engine cannot take.
    /// What a grammar cannot hold of it is left to the model, as with other engines.
    static func checkParameters(_ schema: String, of tool: String) throws {
        do {
            try checkBounds(schema)
            var error: UnsafeMutablePointer<CChar>?
            let result = roost_schema_check(schema, &error)
            defer { roost_free(error) }
            guard result else { throw invalid(error) }
        } catch InferenceError.invalidSchema(let reason) {
            throw InferenceError.invalidSchema(reason: "parameters of the tool “\(tool)”: \(reason)")
        }
    }

    private static func checkBounds(_ schema: String) throws {
        do {
            try JSONBounds.check(schema, byteLimit: byteLimit, depthLimit: depthLimit)
        } catch let violation as JSONBounds.Violation {
            throw InferenceError.invalidSchema(reason: violation.reason)
        }
    }

    static func invalid(_ error: UnsafeMutablePointer<CChar>?) -> InferenceError {
        .invalidSchema(reason: error.map { String(cString: $0) } ?? "it cannot be turned into a grammar")
    }
}

/// A schema whose grammar holds all of it.
struct PreparedSchema: Sendable {
    /// The schema for the engine's converter. Where a value needs rules of its own, it has a constant in its place.
    var text: String
    /// Lines `constant TAB name TAB rule`: in the grammar, `name` takes the place of the literal of the constant.
    var additions: String

    /// Its grammar, rule `root`.
    ///
    /// Throws `InferenceError.invalidSchema`.
    func grammar() throws -> String {
        var error: UnsafeMutablePointer<CChar>?
        let result = roost_schema_grammar(text, &error)
        defer {
            roost_free(error)
            roost_free(result)
        }
        guard let result else { throw JSONSchemaRules.invalid(error) }
        return try completed(String(cString: result))
    }

    /// A grammar that the engine made of `text`, with its own rules put in.
    ///
    /// Throws `InferenceError.invalidSchema`.
    func completed(_ grammar: String) throws -> String {
        var grammar = grammar
        for line in additions.split(separator: "\n") {
            let fields = line.split(separator: "\t", maxSplits: 2)
            guard fields.count == 3 else { continue }
            grammar.replace(#""\""# + fields[0] + #"\"""#, with: fields[1])
            grammar += "\n\(fields[1]) ::= \(fields[2])\n"
        }
        do {
            try GrammarBounds.check(grammar, byteLimit: GrammarBounds.madeByteLimit)
        } catch InferenceError.invalidGrammar(let reason) {
            throw InferenceError.invalidSchema(reason: "its grammar cannot be used: \(reason)")
        }
        return grammar
    }
}
