import CLlama
public import Foundation

/// The vocabulary of a model: text to tokens and back. Loads without the weights, in a fraction of their time.
public final class Tokenizer: Sendable {
    private let model: ModelHandle

    init(_ model: ModelHandle) { self.model = model }

    /// Loads only the vocabulary of the GGUF file at `url`.
    ///
    /// - Throws: `InferenceError` when the file cannot be loaded.
    public static func load(at url: URL) async throws -> Tokenizer {
        let loader = ModelLoader(
            files: ModelFileSet(url), options: LoadOptions(), vocabularyOnly: true, progress: nil,
            isCancelled: CancellationFlag())
        return try await OwnThread.run(named: "roost-tokenizer") { Tokenizer(try loader.load()) }
    }

    /// Tokens in the vocabulary; ids are below this.
    public var vocabularyCount: Int { model.vocabularyCount }

    /// Token ids of `text`.
    ///
    /// - Parameters:
    ///   - addSpecial: adds the beginning-of-sequence token and the like, where the model wants them.
    ///   - parseSpecial: reads text such as `<eos>` as the token of that name.
    /// - Throws: `InferenceError.decodeFailed` when the engine refuses the text.
    public func tokenize(_ text: String, addSpecial: Bool = true, parseSpecial: Bool = false) throws -> [Int32] {
        guard let tokens = model.tokenize(text, addSpecial: addSpecial, parseSpecial: parseSpecial) else {
            throw InferenceError.decodeFailed(code: -1, reason: "the text could not be tokenized")
        }
        return tokens
    }

    /// The text of `tokens`; bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Throws: `InferenceError.invalidOption` for an id that the vocabulary does not have.
    public func detokenize(
        _ tokens: [Int32], removeSpecial: Bool = false, unparseSpecial: Bool = true
    ) throws -> String {
        try check(tokens)
        guard let bytes = model.detokenize(tokens, removeSpecial: removeSpecial, unparseSpecial: unparseSpecial) else {
            throw InferenceError.decodeFailed(code: -1, reason: "the tokens could not be made text")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes of each of `tokens`, which need not be whole UTF-8; special ones by their names.
    ///
    /// - Throws: `InferenceError.invalidOption` for an id that the vocabulary does not have.
    public func pieces(of tokens: [Int32]) throws -> [[UInt8]] {
        try check(tokens)
        return tokens.map { token in
            var piece: [UInt8] = []
            model.piece(of: token, isSpecial: true, into: &piece)
            return piece
        }
    }

    private func check(_ tokens: [Int32]) throws {
        if let wrong = tokens.first(where: { $0 < 0 || Int($0) >= vocabularyCount }) {
            throw InferenceError.invalidOption(
                name: "token", value: "\(wrong)", rule: "between 0 and \(vocabularyCount - 1)")
        }
    }
}
