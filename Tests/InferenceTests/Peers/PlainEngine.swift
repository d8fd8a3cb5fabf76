import CLlama
import Foundation
import ModelFixtures
import Testing

@testable import Inference

/// A model and a context with nothing around them: pieces of a prompt in, greedy tokens out.
final class PlainEngine {
    let model: ModelHandle
    let context: OpaquePointer

    convenience init(_ file: TinyModelFile, contextLength: UInt32 = 512, microBatchSize: UInt32 = 512) throws {
        var parameters = llama_context_default_params()
        parameters.n_ctx = contextLength
        parameters.n_ubatch = microBatchSize
        parameters.n_threads = 1
        parameters.n_threads_batch = 1
        try self.init(at: file.url, parameters)
    }

    init(at url: URL, _ parameters: llama_context_params) throws {
        Engine.start()
        model = try #require(ModelHandle(llama_model_load_from_file(url.path, llama_model_default_params())))
        context = try #require(llama_init_from_model(model.pointer, parameters))
    }

    deinit { llama_free(context) }

    /// The most likely tokens behind `pieces`, the last of which is text.
    func greedy(_ pieces: [PromptPiece], count: Int) throws -> [Int32] {
        llama_memory_clear(llama_get_memory(context), false)
        var position: Int32 = 0
        for piece in pieces {
            switch piece {
            case .tokens(let tokens): try decode(tokens, at: position)
            case .media(let media):
                try media.decode(into: context, sequence: 0, position: position, batchSize: 512)
            }
            position += Int32(piece.positionCount)
        }
        let vocabularyCount = model.vocabularyCount
        return try (0..<count).map { _ in
            let logits = UnsafeBufferPointer(
                start: try #require(llama_get_logits_ith(context, -1)), count: vocabularyCount)
            let allowed = logits.indices.filter { !llama_vocab_is_eog(model.vocabulary, Int32($0)) }
            let token = Int32(try #require(allowed.max { logits[$0] < logits[$1] }))
            try decode([token], at: position)
            position += 1
            return token
        }
    }

    /// The most likely tokens behind `prompt`.
    func greedy(_ prompt: String, count: Int) throws -> [Int32] {
        let tokens = try #require(model.tokenize(prompt, addSpecial: true, parseSpecial: true))
        return try greedy([.tokens(tokens)], count: count)
    }

    /// Positions are said: behind a picture they do not go on from the last cell's.
    private func decode(_ tokens: [Int32], at position: Int32) throws {
        var batch = llama_batch_init(Int32(tokens.count), 0, 1)
        defer { llama_batch_free(batch) }
        batch.n_tokens = Int32(tokens.count)
        for (index, token) in tokens.enumerated() {
            batch.token[index] = token
            batch.pos[index] = position + Int32(index)
            batch.n_seq_id[index] = 1
            batch.seq_id[index]?[0] = 0
            batch.logits[index] = index == tokens.count - 1 ? 1 : 0
        }
        try #require(llama_decode(context, batch) == 0)
    }
}
