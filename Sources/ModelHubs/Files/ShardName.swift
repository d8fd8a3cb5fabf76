/// The name of one part of a split model: `name-00001-of-00003.gguf`.
public struct ShardName: Hashable, Sendable {
    /// The path before `-00001-of-00003.gguf`.
    public let stem: String
    /// From 1 to ``count``.
    public let index: Int
    /// How many parts there are.
    public let count: Int

    /// The most parts a model may have.
    public static let maximumCount = 1000

    init(stem: String, index: Int, count: Int) {
        self.stem = stem
        self.index = index
        self.count = count
    }

    /// `nil` when the path does not end in `-NNNNN-of-NNNNN.gguf`, five digits each, with an index in the count.
    public init?(_ path: String) {
        // "-00001-of-00003.gguf" has 20 bytes.
        guard path.utf8.count > 20, path.lowercased().hasSuffix(".gguf") else { return nil }
        let tail = path.dropLast(5).suffix(15)
        let pieces = tail.split(separator: "-", omittingEmptySubsequences: false)
        guard pieces.count == 4, pieces[0].isEmpty, pieces[2] == "of",
            let index = Self.number(pieces[1]), let count = Self.number(pieces[3]),
            (1...Self.maximumCount).contains(count), (1...count).contains(index)
        else { return nil }
        stem = String(path.dropLast(20))
        self.index = index
        self.count = count
    }

    /// The path of another part.
    public func path(ofPart index: Int) -> String {
        "\(stem)-\(Self.digits(index))-of-\(Self.digits(count)).gguf"
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.count == 5, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else {
            return nil
        }
        return Int(text)
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
}
