/// The grammar of `OutputFormat.json` where there is no template.
enum JSONGrammar {
    /// Any JSON object after RFC 8259, in GBNF. White space is bounded, so that a model cannot go on with it forever.
    static let object = #"""
        root ::= object
        object ::= "{" space (member ("," space member)*)? "}"
        member ::= string ":" space value space
        array ::= "[" space (value space ("," space value space)*)? "]"
        value ::= object | array | string | number | "true" | "false" | "null"
        string ::= "\"" character* "\""
        character ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" hex hex hex hex)
        hex ::= [0-9a-fA-F]
        number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?
        space ::= " "? | "\n" [ ]{0,20}
        """#
}
