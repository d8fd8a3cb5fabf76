import Roost

/// What prompts and texts for vectors may be: a text, token ids, or several of either.
enum WireTexts: Decodable, Sendable {
    case text(String)
    case tokens([Int32])
    case texts([String])
    case tokenLists([[Int32]])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let texts = try? container.decode([String].self) {
            self = .texts(texts)
        } else if let tokens = try? container.decode([Int32].self) {
            self = .tokens(tokens)
        } else if let lists = try? container.decode([[Int32]].self) {
            self = .tokenLists(lists)
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it must be a string, an array of strings, or token ids")
        }
    }

    /// Each as a prompt.
    var prompts: [GenerationRequest.Prompt] {
        switch self {
        case .text(let text): [.text(text, addSpecial: true)]
        case .tokens(let tokens): [.tokens(tokens)]
        case .texts(let texts): texts.map { .text($0, addSpecial: true) }
        case .tokenLists(let lists): lists.map { .tokens($0) }
        }
    }

    /// Each as a text that gets a vector.
    var inputs: [EmbeddingRequest.Input] {
        switch self {
        case .text(let text): [.text(text)]
        case .tokens(let tokens): [.tokens(tokens)]
        case .texts(let texts): texts.map { .text($0) }
        case .tokenLists(let lists): lists.map { .tokens($0) }
        }
    }

    /// Whether it is a text that is empty, and no list.
    var isEmptyText: Bool { if case .text("") = self { true } else { false } }
}
