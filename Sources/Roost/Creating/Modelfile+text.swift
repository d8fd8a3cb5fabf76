extension Modelfile {
    /// The recipe as text, which reads back as the same recipe.
    ///
    /// The format has no escapes. In a text that it cannot hold, one with a line in its middle that ends with `"""`, a “.”
    /// is put behind those.
    public var text: String {
        instructions.map { instruction in
            let words = [instruction.keyword.rawValue.uppercased(), instruction.subject].compactMap(\.self)
            return (words + [Self.quoted(Array(instruction.text.utf8))]).joined(separator: " ") + "\n"
        }.joined()
    }

    /// Bare where that reads back, else between the first quotes that do.
    private static func quoted(_ text: [UInt8]) -> String {
        let mark = UInt8(ascii: "\"")
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let written: [UInt8]
        if isBare(text) {
            written = text
        } else if text.first != mark, lines.dropLast().allSatisfy({ $0.withoutTrailingBlanks.last != mark }) {
            written = [mark] + text + [mark]
        } else {
            let quotes = [mark, mark, mark]
            let safe = lines.dropLast().map { line in
                line.withoutTrailingBlanks.suffix(3).elementsEqual(quotes) ? line + [UInt8(ascii: ".")] : line
            }
            written = quotes + Array((safe + lines.suffix(1)).joined(separator: [UInt8(ascii: "\n")])) + quotes
        }
        return String(decoding: written, as: UTF8.self)
    }

    private static func isBare(_ text: [UInt8]) -> Bool {
        guard let first = text.first, let last = text.last else { return false }
        return first != UInt8(ascii: "\"") && !first.isModelfileBlank && !last.isModelfileBlank
            && !text.contains(UInt8(ascii: "\n"))
    }
}
