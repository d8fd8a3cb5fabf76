/// What form the output must have. The model's tokens are constrained to it while they are chosen.
public enum OutputFormat: Sendable, Hashable, Codable {
    /// Any text.
    case text
    /// One JSON object (RFC 8259).
    case json
    /// JSON that validates against this schema, given as JSON text.
    case jsonSchema(String)
    /// Text of this grammar in GBNF, from its rule named `root`.
    case grammar(String)
}
