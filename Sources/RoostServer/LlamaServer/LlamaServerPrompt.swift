import Roost

/// A text, token ids, or both after each other.
struct LlamaServerPrompt: Decodable, Sendable {
    enum Piece: Decodable, Sendable {
        case text(String)
        case token(Int32)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let token = try? container.decode(Int32.self) {
                self = .token(token)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    let pieces: [Piece]

    init(pieces: [Piece]) { self.pieces = pieces }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            pieces = [.text(text)]
        } else {
            pieces = try container.decode([Piece].self)
        }
    }

    /// The text that it is, if it is nothing else.
    var text: String? {
        guard pieces.count == 1, case .text(let text) = pieces[0] else { return nil }
        return text
    }

    /// Its tokens. Special ones of the model's are added to a text at the beginning only.
    func tokens(
        on model: any RunningModel, addSpecial: Bool, parseSpecial: Bool
    ) async throws -> [Int32] {
        var tokens: [Int32] = []
        for (index, piece) in pieces.enumerated() {
            switch piece {
            case .token(let token):
                guard model.info.mayHave(token: token) else {
                    throw APIError.invalidRequest(
                        "The token \(token) is not in the vocabulary of \(model.info.vocabularyCount) tokens.")
                }
                tokens.append(token)
            case .text(let text):
                tokens += try await model.tokenize(
                    text, addSpecial: addSpecial && index == 0, parseSpecial: parseSpecial)
            }
        }
        return tokens
    }
}

extension LoadedModelInfo {
    /// Whether the vocabulary has a token of this number. How many an engine's model has is not known here (0): the engine
    /// judges.
    func mayHave(token: Int32) -> Bool { token >= 0 && (vocabularyCount == 0 || Int(token) < vocabularyCount) }
}

/// `prompt` of a completion: one prompt, or several.
struct LlamaServerPrompts: Decodable, Sendable {
    let prompts: [LlamaServerPrompt]
    /// Whether they came in an array of prompts, to which the answer is one too.
    let isList: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Strings and numbers in one array are one prompt; strings alone are several.
        if let texts = try? container.decode([String].self) {
            prompts = texts.map { LlamaServerPrompt(pieces: [.text($0)]) }
            isList = true
        } else if let prompt = try? container.decode(LlamaServerPrompt.self) {
            prompts = [prompt]
            isList = false
        } else if let prompts = try? container.decode([LlamaServerPrompt].self) {
            self.prompts = prompts
            isList = true
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it must be a string, token ids, or an array of those")
        }
    }
}
