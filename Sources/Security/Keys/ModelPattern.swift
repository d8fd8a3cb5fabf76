/// Names of models, with `*` for any text and `?` for one character: `gemma3*`, `hf.co/acme/*`.
///
/// Letter case does not count, as in model names.
public struct ModelPattern: Sendable, Hashable, LosslessStringConvertible {
    /// The longest pattern, in bytes.
    public static let maximumByteCount = 255

    /// The pattern as it was written.
    public let description: String
    private let characters: [UInt8]

    /// `nil` for a text that is empty, too long, or has anything but what names have, `*` and `?`.
    public init?(_ text: String) {
        guard (1...Self.maximumByteCount).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "-_./:*?".utf8.contains($0) })
        else { return nil }
        description = text
        characters = Array(text.lowercased().utf8)
    }

    /// Whether the whole name is of this form. Takes time in proportion to the product of both lengths at most.
    public func matches(_ name: String) -> Bool {
        let name = Array(name.lowercased().utf8)
        let (star, any) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var (position, patternPosition) = (0, 0)
        // Where the last star stands, and how much of the name it has taken: one star back is enough.
        var lastStar: (pattern: Int, name: Int)?
        while position < name.count {
            if patternPosition < characters.count, characters[patternPosition] == star {
                lastStar = (patternPosition, position)
                patternPosition += 1
            } else if patternPosition < characters.count,
                characters[patternPosition] == any || characters[patternPosition] == name[position]
            {
                position += 1
                patternPosition += 1
            } else if let taken = lastStar {
                lastStar = (taken.pattern, taken.name + 1)
                patternPosition = taken.pattern + 1
                position = taken.name + 1
            } else {
                return false
            }
        }
        return characters[patternPosition...].allSatisfy { $0 == star }
    }
}

extension ModelPattern: Codable {
    /// Decodes the text. Throws `DecodingError.dataCorrupted` when it is no pattern.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let pattern = ModelPattern(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "“\(text.prefix(80))” is not a pattern of model names")
        }
        self = pattern
    }

    /// Encodes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension UInt8 {
    var isASCIILetterOrDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}
