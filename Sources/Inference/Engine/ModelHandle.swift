import CLlama
import LlamaBridge

/// The weights and vocabulary in memory; freed when the last user lets go.
final class ModelHandle: @unchecked Sendable {  // why sound: immutable, and only functions that read are called
    let pointer: OpaquePointer
    let vocabulary: OpaquePointer

    init?(_ pointer: OpaquePointer?) {
        guard let pointer, let vocabulary = llama_model_get_vocab(pointer) else { return nil }
        self.pointer = pointer
        self.vocabulary = vocabulary
    }

    deinit { llama_model_free(pointer) }

    /// The value of a metadata key as text; `nil` when there is none.
    func metadata(_ key: String) -> String? {
        let length = llama_model_meta_val_str(pointer, key, nil, 0)
        guard length >= 0 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(length) + 1)
        guard llama_model_meta_val_str(pointer, key, &buffer, buffer.count) >= 0 else { return nil }
        return String(decoding: buffer.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Token ids of `text`; `nil` when the engine cannot tokenize it (more than 2 GiB, or a broken vocabulary).
    func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) -> [Int32]? {
        var text = text
        return text.withUTF8 { bytes in
            var tokens: UnsafeMutablePointer<Int32>?
            let count = bytes.withMemoryRebound(to: CChar.self) {
                roost_tokenize(vocabulary, $0.baseAddress, $0.count, addSpecial, parseSpecial, &tokens)
            }
            defer { roost_free(tokens) }
            guard count >= 0 else { return nil }
            return Array(UnsafeBufferPointer(start: tokens, count: Int(count)))
        }
    }

    /// The bytes of `tokens`, which need not be whole UTF-8; `nil` when the engine refuses.
    func detokenize(_ tokens: [Int32], removeSpecial: Bool, unparseSpecial: Bool) -> [UInt8]? {
        var text: UnsafeMutablePointer<CChar>?
        let count = roost_detokenize(vocabulary, tokens, tokens.count, removeSpecial, unparseSpecial, &text)
        defer { roost_free(text) }
        guard count >= 0, let text else { return nil }
        return UnsafeRawBufferPointer(start: text, count: Int(count)).map { $0 }
    }

    /// The bytes that one generated token adds to the text; control tokens add none, or their names when `isSpecial`.
    func piece(of token: Int32, isSpecial: Bool = false, into buffer: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { space in
            let count = llama_token_to_piece(vocabulary, token, space.baseAddress, Int32(space.count), 0, isSpecial)
            if count >= 0 {
                buffer.append(
                    contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(space)[..<Int(count)]))
            } else {
                var larger = [CChar](repeating: 0, count: Int(-count))
                let written = llama_token_to_piece(vocabulary, token, &larger, Int32(larger.count), 0, isSpecial)
                if written > 0 { buffer.append(contentsOf: larger[..<Int(written)].map(UInt8.init(bitPattern:))) }
            }
        }
    }

    /// Whether it generates text, token by token. `hasCache`: whether its context keeps tokens.
    func generates(hasCache: Bool) -> Bool {
        hasCache && llama_model_has_decoder(pointer) && !llama_model_has_encoder(pointer)
            && !llama_model_is_diffusion(pointer) && vocabularyCount > 0
    }

    var vocabularyCount: Int { Int(llama_vocab_n_tokens(vocabulary)) }
    var trainedContextLength: Int { Int(llama_model_n_ctx_train(pointer)) }
}
