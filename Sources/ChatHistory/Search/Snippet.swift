import Foundation

/// Text around what was found.
enum Snippet {
    /// Marks that FTS5 puts around words: control characters that no text should have.
    static let (opening, closing) = ("\u{2}", "\u{3}")
    /// Characters before and after the word in a snippet that is cut here.
    private static let reach = 60

    /// The pieces of a text with marks. Marks that were in the text itself mark nothing worse than other words.
    static func pieces(ofMarked text: String) -> [HistoryMatch.Piece] {
        var pieces: [HistoryMatch.Piece] = []
        var current = String.UnicodeScalarView()
        var isMatch = false
        let end = { (next: Bool) in
            if !current.isEmpty { pieces.append(HistoryMatch.Piece(text: String(current), isMatch: isMatch)) }
            current = String.UnicodeScalarView()
            isMatch = next
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{2}": end(true)
            case "\u{3}": end(false)
            default: current.append(scalar)
            }
        }
        end(false)
        return pieces
    }

    /// The first place of a text where one of `terms` is, with some of the text around it.
    static func pieces(of text: String, around terms: [SearchQuery.Term]) -> [HistoryMatch.Piece] {
        let ranges = terms.compactMap { text.range(of: $0.text, options: .caseInsensitive) }
        guard let range = ranges.min(by: { $0.lowerBound < $1.lowerBound }) else {
            return [HistoryMatch.Piece(text: String(text.prefix(2 * reach)), isMatch: false)]
        }
        let before = text[..<range.lowerBound]
        let after = text[range.upperBound...]
        let parts: [(String, Bool)] = [
            ((before.count > reach ? "…" : "") + before.suffix(reach), false), (String(text[range]), true),
            (after.prefix(reach) + (after.count > reach ? "…" : ""), false),
        ]
        return parts.filter { !$0.0.isEmpty }.map { HistoryMatch.Piece(text: $0.0, isMatch: $0.1) }
    }
}
