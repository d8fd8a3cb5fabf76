import CLlama
import LlamaBridge

/// Proposes what a draft model would write: its most likely token each time, until it is not sure any more.
///
/// What it computed for a proposal stays in its cache as far as the proposal was right.
final class ModelDrafter: Drafter {
    /// Tokens that are computed in one call. A longer prompt is caught up with in several proposals, so that nobody
    /// waits for it.
    static let sliceLength = 512
    /// Most tokens of one proposal.
    private static let proposalLimit = 16
    /// After so many failures of the engine it gives up.
    private static let failureLimit = 3

    private(set) var strengths: [DraftStrength] = []
    /// Whether it did not propose because it is still reading the prompt.
    private(set) var isBehind = false
    /// Tokens that it can follow; there are no proposals beyond.
    let contextLength: Int
    private let model: DraftModel
    private let context: OpaquePointer
    private let leastProbability: Float
    private var tokens: [Int32] = []
    /// How many of `tokens` its cache begins with.
    private var agreedCount = 0
    /// What the cache holds behind them: its own proposals.
    private var tail: [Int32] = []
    private var failureCount = 0

    init(model: DraftModel, context: OpaquePointer, leastProbability: Float) {
        self.leastProbability = leastProbability
        self.model = model
        self.context = context
        contextLength = Int(llama_n_ctx(context))
    }

    deinit { llama_free(context) }

    func begin(_ prompt: [Int32]) {
        let common = zip(prompt, tokens.prefix(agreedCount)).prefix { $0 == $1 }.count
        truncate(to: common)
        tokens = prompt
        strengths = []
    }

    func accept(_ tokens: some Sequence<Int32>) {
        for token in tokens {
            if agreedCount == self.tokens.count {
                if tail.first == token {
                    tail.removeFirst()
                    agreedCount += 1
                } else {
                    truncate(to: agreedCount)
                }
            }
            self.tokens.append(token)
        }
    }

    func propose(_ count: Int) -> [Int32] {
        strengths = []
        isBehind = false
        let count = min(count, Self.proposalLimit, contextLength - tokens.count)
        guard count > 0, !tokens.isEmpty, failureCount < Self.failureLimit else { return [] }
        // The last token is computed in any case: what follows it is asked for.
        truncate(to: min(agreedCount, tokens.count - 1))
        var slice = Array(tokens[agreedCount..<min(tokens.count, agreedCount + Self.sliceLength)])
        guard var next = compute(&slice) else { return [] }
        agreedCount += slice.count
        isBehind = agreedCount < tokens.count
        guard !isBehind else { return [] }

        var proposal: [Int32] = []
        while next.token >= 0, next.probability >= leastProbability {
            proposal.append(next.token)
            strengths.append(DraftStrength(probability: next.probability))
            if proposal.count == count || llama_vocab_is_eog(model.handle.vocabulary, next.token) { break }
            var step = [next.token]
            guard let following = compute(&step) else { break }
            tail.append(next.token)
            next = following
        }
        return proposal
    }

    /// The likeliest token behind what the cache holds and `tokens`; a token of −1 when there is none, `nil` when the
    /// engine failed.
    private func compute(_ tokens: inout [Int32]) -> (token: Int32, probability: Float)? {
        var probability: Float = 0
        let count = Int32(clamping: model.vocabularyCount)
        let token = tokens.withUnsafeMutableBufferPointer { buffer in
            roost_draft_next(context, buffer.baseAddress, Int32(clamping: buffer.count), count, &probability)
        }
        guard token >= -1 else {
            failureCount += 1
            _ = Engine.takeComplaint()
            clear()
            return nil
        }
        return (token, probability)
    }

    /// Makes the cache hold the first `count` tokens of the sequence, which it does as its first ones.
    private func truncate(to count: Int) {
        if count < agreedCount || !tail.isEmpty {
            guard llama_memory_seq_rm(llama_get_memory(context), 0, Int32(clamping: count), -1) else { return clear() }
        }
        agreedCount = count
        tail = []
    }

    private func clear() {
        llama_memory_clear(llama_get_memory(context), false)
        agreedCount = 0
        tail = []
    }
}
