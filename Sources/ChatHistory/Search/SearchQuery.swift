/// What a person looks for: words and “quoted phrases”, all of which a message must have. Words are found by their
/// beginnings, without regard to case and accents. Nothing in the text is an operator.
struct SearchQuery: Sendable, Hashable {
    /// Words and phrases in their order.
    let terms: [Term]

    struct Term: Sendable, Hashable {
        var text: String
        /// A phrase is found as it is, a word by its beginning.
        var isPhrase: Bool
    }

    /// Reads a person's text. Throws `ChatHistoryError.invalidValue` when it is too long or has no words.
    init(_ text: String) throws(ChatHistoryError) {
        guard text.count <= HistoryLimits.queryLength else {
            throw .invalidValue(
                name: "The search text", value: String(text.prefix(40)) + "…",
                rule: "at most \(HistoryLimits.queryLength) characters")
        }
        let terms = Self.terms(of: text).filter { $0.text.unicodeScalars.contains(where: Self.isIndexed) }
        guard !terms.isEmpty else {
            throw .invalidValue(name: "The search text", value: text, rule: "one word or more, of letters or digits")
        }
        guard terms.count <= HistoryLimits.queryWordCount else {
            throw .invalidValue(
                name: "The search text", value: String(text.prefix(40)) + "…",
                rule: "at most \(HistoryLimits.queryWordCount) words")
        }
        self.terms = terms
    }

    /// The query in FTS5's language: every term is a quoted string, in which only quotation marks mean something.
    var fullTextQuery: String {
        terms.map { "\"" + $0.text.replacing("\"", with: "\"\"") + "\"" + ($0.isPhrase ? "" : " *") }
            .joined(separator: " ")
    }

    /// Whether the index of words cannot answer it: a script without spaces has whole sentences for words there.
    var needsScan: Bool { terms.contains { $0.text.unicodeScalars.contains(where: Self.hasNoSpaces) } }

    /// Patterns for `LIKE … ESCAPE '\'`, one for each term.
    var patterns: [String] {
        terms.map { term in
            "%" + term.text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_") + "%"
        }
    }

    private static func terms(of text: String) -> [Term] {
        var terms: [Term] = []
        for (index, part) in text.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
            // Quoted parts are the odd ones; a quotation mark that nothing closes is none.
            let isQuoted = index % 2 == 1 && text.count(where: { $0 == "\"" }) > index
            if isQuoted {
                terms.append(Term(text: cleaned(part), isPhrase: true))
            } else {
                terms += part.split(whereSeparator: \.isWhitespace).map { Term(text: cleaned($0), isPhrase: false) }
            }
        }
        return terms
    }

    /// SQLite's text ends at a NUL, and no other control character is part of a word.
    private static func cleaned(_ text: Substring) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    /// What FTS5's `unicode61` takes for parts of words: letters, numbers, private use.
    private static func isIndexed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .privateUse:
            true
        default: false
        }
    }

    /// Thai, Lao, Tibetan, Burmese, Khmer; kana and Han with their extensions.
    private static func hasNoSpaces(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0E00...0x0FFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
            0xF900...0xFAFF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }
}
