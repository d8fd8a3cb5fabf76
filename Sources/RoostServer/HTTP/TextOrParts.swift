import Roost

/// What a message holds, in the dialects that have both: a text, or parts.
enum TextOrParts<Part: Decodable & Sendable>: Decodable, Sendable {
    case text(String)
    case parts([Part])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .parts(try container.decode([Part].self))
        }
    }
}

extension [ChatMessage.Part] {
    /// Adds a text. Texts that follow each other stand on lines of their own.
    mutating func append(text: String) {
        if case .text(let before)? = last {
            self[count - 1] = .text(before + "\n" + text)
        } else {
            append(.text(text))
        }
    }
}
