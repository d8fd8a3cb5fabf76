import CLlama
import Foundation
import ModelFixtures

@testable import Inference

/// Generation with drafts on the engine itself and nothing else: each position is sampled from the model's own
/// distribution, and a drafted token stays as long as it is the sampled one.
final class VerificationLoop {
    let model: ModelHandle
    private let context: OpaquePointer
    private var batch: llama_batch
    private var prompt: [Int32] = []
    private static let batchLimit = 512

    init(_ model: ModelHandle, contextLength: Int, threadCount: Int32 = 1) throws {
        self.model = model
        var parameters = llama_context_default_params()
        parameters.n_ctx = UInt32(contextLength)
        parameters.n_batch = UInt32(Self.batchLimit)
        parameters.n_ubatch = UInt32(Self.batchLimit)
        parameters.n_outputs_max = 64
        parameters.n_threads = threadCount
        parameters.n_threads_batch = threadCount
        parameters.swa_full = true
        guard let context = llama_init_from_model(model.pointer, parameters) else {
            throw InferenceError.loadFailed(path: "test", reason: "no context")
        }
        self.context = context
        batch = llama_batch_init(Int32(Self.batchLimit), 0, 1)
    }

    deinit {
        llama_batch_free(batch)
        llama_free(context)
    }

    static func load(_ url: URL) throws -> ModelHandle {
        Engine.start()
        guard let model = ModelHandle(llama_model_load_from_file(url.path, llama_model_default_params())) else {
            throw InferenceError.loadFailed(path: url.path, reason: "it was refused")
        }
        return model
    }

    /// How drafted tokens are verified.
    enum Rule {
        /// As described above: the distribution stays.
        case sampleAndCompare
        /// Whatever was drafted stays: the distribution becomes the drafter's. To show that a test would see it.
        case believe
    }

    /// A tiny model, whose file is gone afterwards.
    static func load(_ tiny: TinyModel) throws -> ModelHandle {
        let file = try TinyModelFile(tiny)
        return try withExtendedLifetime(file) { try load(file.url) }
    }

    struct Run {
        var tokens: [Int32] = []
        var draftedCount = 0
        var acceptedCount = 0
        var batchCount = 0
        var duration = Duration.zero
    }

    /// Computes a prompt, unless it is the one that is there.
    private func prefill(_ tokens: [Int32]) throws {
        let memory = llama_get_memory(context)
        let common = tokens == prompt ? tokens.count - 1 : 0
        _ = llama_memory_seq_rm(memory, 0, Int32(common), -1)
        var position = common
        while position < tokens.count {
            let end = min(position + Self.batchLimit, tokens.count)
            try decode(tokens[position..<end], at: position, outputCount: end == tokens.count ? 1 : 0)
            position = end
        }
        prompt = tokens
    }

    /// Generates `count` tokens behind `tokens`.
    ///
    /// - Parameters:
    ///   - sample: the token for row `row` of the last batch.
    ///   - propose: tokens that may come next, given all generated ones.
    ///   - accept: what came, and how many of the proposed were right.
    func run(
        _ tokens: [Int32], count: Int, rule: Rule = .sampleAndCompare, sample: (OpaquePointer, Int32) -> Int32,
        propose: ([Int32]) -> [Int32] = { _ in [] },
        accept: (_ chosen: [Int32], _ drafted: Int, _ accepted: Int, Duration) -> Void = { _, _, _, _ in }
    ) throws -> Run {
        try prefill(tokens)
        var run = Run()
        let begun = ContinuousClock.now
        run.tokens = [sample(context, -1)]
        accept(run.tokens, 0, 0, .zero)
        var position = tokens.count
        while run.tokens.count < count {
            let drafts = Array(propose(run.tokens).prefix(min(63, count - run.tokens.count)))
            let started = ContinuousClock.now
            try decode([run.tokens[run.tokens.count - 1]] + drafts, at: position, outputCount: drafts.count + 1)
            var chosen: [Int32] = []
            for row in 0...drafts.count {
                if rule == .believe, row < drafts.count {
                    chosen.append(drafts[row])
                    continue
                }
                let token = sample(context, Int32(row))
                chosen.append(token)
                if row < drafts.count, token != drafts[row] { break }
            }
            position += chosen.count
            _ = llama_memory_seq_rm(llama_get_memory(context), 0, Int32(position), -1)
            run.tokens += chosen
            run.draftedCount += drafts.count
            run.acceptedCount += chosen.count - 1
            run.batchCount += 1
            accept(chosen, drafts.count, chosen.count - 1, ContinuousClock.now - started)
        }
        run.tokens = Array(run.tokens.prefix(count))
        run.duration = ContinuousClock.now - begun
        return run
    }

    /// The likeliest token of a row.
    func likeliest(_ context: OpaquePointer, _ row: Int32) -> Int32 {
        guard let logits = llama_get_logits_ith(context, row) else { return -1 }
        var best = 0
        for token in 1..<model.vocabularyCount where logits[token] > logits[best] { best = token }
        return Int32(best)
    }

    private func decode(_ tokens: some Collection<Int32>, at position: Int, outputCount: Int) throws {
        batch.n_tokens = Int32(tokens.count)
        for (index, token) in tokens.enumerated() {
            batch.token[index] = token
            batch.pos[index] = Int32(position + index)
            batch.n_seq_id[index] = 1
            batch.seq_id[index]?[0] = 0
            batch.logits[index] = index >= tokens.count - outputCount ? 1 : 0
        }
        let code = llama_decode(context, batch)
        guard code == 0 else { throw InferenceError.decodeFailed(code: Int(code), reason: "in a test") }
        llama_synchronize(context)
    }
}

/// The engine's own sampler: top-k, temperature 1, a seed.
final class SeededSampler {
    private let chain: UnsafeMutablePointer<llama_sampler>?

    init(topK: Int32, seed: UInt32) {
        chain = llama_sampler_chain_init(llama_sampler_chain_default_params())
        llama_sampler_chain_add(chain, llama_sampler_init_top_k(topK))
        llama_sampler_chain_add(chain, llama_sampler_init_temp(1))
        llama_sampler_chain_add(chain, llama_sampler_init_dist(seed))
    }

    deinit { llama_sampler_free(chain) }

    func sample(_ context: OpaquePointer, _ row: Int32) -> Int32 { llama_sampler_sample(chain, context, row) }
}
