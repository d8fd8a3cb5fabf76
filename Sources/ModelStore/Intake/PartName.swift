import Foundation

/// The name of one part of a split model: `NAME-00001-of-00003.gguf`, as llama-gguf-split writes it.
struct PartName: Hashable, Sendable {
    let stem: String
    /// From 1.
    let number: Int
    let count: Int

    /// The most parts that five digits can count is far more than anybody makes.
    static let maximumCount = 9999

    init(stem: String, number: Int, count: Int) {
        self.stem = stem
        self.number = number
        self.count = count
    }

    /// Reads a file's name; `nil` for any other name.
    init?(_ fileName: String) {
        let suffix = ".gguf"
        guard fileName.lowercased().hasSuffix(suffix) else { return nil }
        let pieces = fileName.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard pieces.count >= 4, pieces[pieces.count - 2] == "of", let number = Self.number(pieces[pieces.count - 3]),
            let count = Self.number(pieces[pieces.count - 1]), (1...Self.maximumCount).contains(count),
            (1...count).contains(number)
        else { return nil }
        self.init(stem: pieces.dropLast(3).joined(separator: "-"), number: number, count: count)
    }

    var fileName: String { "\(stem)-\(Self.padded(number))-of-\(Self.padded(count)).gguf" }

    /// The names of all parts, in order.
    var all: [PartName] { (1...count).map { PartName(stem: stem, number: $0, count: count) } }

    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.count == 5 && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }
}
