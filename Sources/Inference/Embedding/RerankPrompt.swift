import CLlama
import Foundation

/// Writes a query and a document as one text, in the form that a reranker was trained on.
struct RerankPrompt {
    let model: ModelHandle
    /// The model's own form, with `{query}` and `{document}` in it; most have none.
    private let template: String?

    init(model: ModelHandle) {
        self.model = model
        template = llama_model_chat_template(model.pointer, "rerank").map { String(cString: $0) }
    }

    /// The pair's tokens: by the model's template, else `BOS query EOS SEP document EOS`, each special token where the
    /// vocabulary asks for it. As llama-server writes it, except that a query cannot bring a place for the document.
    ///
    /// - Throws: `InferenceError.decodeFailed` when the engine refuses the text.
    func tokens(query: String, document: String) throws -> [Int32] {
        if let template { return try tokenize(Self.fill(template, query, document), parseSpecial: true) }
        let vocabulary = model.vocabulary
        let separator = llama_vocab_sep(vocabulary)
        var end = llama_vocab_eos(vocabulary)
        if end == LLAMA_TOKEN_NULL { end = separator }
        let ending = llama_vocab_get_add_eos(vocabulary) ? [end] : []

        var tokens = llama_vocab_get_add_bos(vocabulary) ? [llama_vocab_bos(vocabulary)] : []
        tokens += try tokenize(query, parseSpecial: false) + ending
        if llama_vocab_get_add_sep(vocabulary) { tokens.append(separator) }
        tokens += try tokenize(document, parseSpecial: false) + ending
        return tokens.filter { $0 != LLAMA_TOKEN_NULL }
    }

    private func tokenize(_ text: String, parseSpecial: Bool) throws -> [Int32] {
        guard let tokens = model.tokenize(text, addSpecial: false, parseSpecial: parseSpecial) else {
            throw InferenceError.decodeFailed(code: -1, reason: "the query and a document could not be tokenized")
        }
        return tokens
    }

    /// Both places at once: what is filled in is not searched again.
    static func fill(_ template: String, _ query: String, _ document: String) -> String {
        var result = ""
        var rest = template[...]
        while let start = rest.firstIndex(of: "{") {
            result += rest[..<start]
            rest = rest[start...]
            if rest.hasPrefix("{query}") {
                result += query
                rest = rest.dropFirst("{query}".count)
            } else if rest.hasPrefix("{document}") {
                result += document
                rest = rest.dropFirst("{document}".count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result + rest
    }
}
