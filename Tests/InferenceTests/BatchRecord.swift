import CLlama
import Testing

@testable import Inference

/// The batches that a scheduler computes, token by token, so that plain llama.cpp can compute the very same ones.
struct BatchRecord: Sendable {
    /// A token of a batch.
    struct Row: Sendable, Equatable {
        var token: Int32
        var position: Int32
        var sequence: Int32
        /// Whether its logits are looked at.
        var isOutput: Bool
    }

    private(set) var batches: [[Row]] = []
}

/// Notes what the turns of a scheduler compute. For text alone, and requests that never give way.
final class BatchRecorder {
    private(set) var record = BatchRecord()
    private let lookup: EagerLookup?
    private var known: [Known] = []

    /// What was known of a run before the turn.
    private struct Known {
        let run: SequenceRun
        let sequence: Int32
        var computedCount: Int
        var contentCount: Int

        var isDecoding: Bool { contentCount - computedCount == 1 }
    }

    /// - Parameter lookup: what proposes tokens; one request at a time then.
    init(_ lookup: EagerLookup? = nil) { self.lookup = lookup }

    /// To be called after each turn.
    func note(_ scheduler: Scheduler) {
        for run in scheduler.running where !known.contains(where: { $0.run === run }) {
            guard let sequence = run.sequence else { continue }
            known.append(
                Known(run: run, sequence: sequence, computedCount: run.cachedCount ?? 0, contentCount: run.promptCount))
        }
        let drafts = lookup?.takeProposal() ?? []
        var rows: [BatchRecord.Row] = []
        // As the scheduler fills its batches: answers first.
        for known in known.filter(\.isDecoding) + known.filter({ !$0.isDecoding }) {
            let start = known.computedCount
            let end = known.isDecoding ? start + 1 : known.run.computedCount
            let tokens = known.run.content[start..<end] + (known.isDecoding ? drafts : [])
            for (index, token) in tokens.enumerated() {
                rows.append(
                    BatchRecord.Row(
                        token: token, position: Int32(start + index), sequence: known.sequence,
                        isOutput: known.isDecoding || start + index + 1 == known.run.promptCount))
            }
        }
        if !rows.isEmpty { record.append(rows) }
        known.removeAll { known in !scheduler.running.contains { $0 === known.run } }
        for index in known.indices {
            known[index].computedCount = known[index].run.computedCount
            known[index].contentCount = known[index].run.content.count
        }
    }
}

extension BatchRecord {
    fileprivate mutating func append(_ rows: [Row]) { batches.append(rows) }

    /// Those of a later life behind these.
    static func + (a: BatchRecord, b: BatchRecord) -> BatchRecord { BatchRecord(batches: a.batches + b.batches) }
}

extension PlainEngine {
    /// Computes the batches and returns the most likely token of each position, by sequence. A batch that goes back in a
    /// sequence replaces what was there.
    func replay(_ record: BatchRecord) throws -> [Int32: [Int32: Int32]] {
        let capacity = record.batches.map(\.count).max() ?? 0
        var batch = llama_batch_init(Int32(capacity), 0, 1)
        defer { llama_batch_free(batch) }
        let chooser = try makeChooser()
        defer { llama_sampler_free(chooser) }
        var likeliest: [Int32: [Int32: Int32]] = [:]
        for rows in record.batches {
            for (sequence, first) in Dictionary(grouping: rows, by: \.sequence).compactMapValues(\.first?.position) {
                begin(sequence, at: first)
            }
            batch.n_tokens = Int32(rows.count)
            for (index, row) in rows.enumerated() {
                batch.token[index] = row.token
                batch.pos[index] = row.position
                batch.n_seq_id[index] = 1
                batch.seq_id[index]?[0] = row.sequence
                batch.logits[index] = row.isOutput ? 1 : 0
            }
            try #require(llama_decode(context, batch) == 0)
            for (index, row) in rows.enumerated() where row.isOutput {
                likeliest[row.sequence, default: [:]][row.position + 1] =
                    llama_sampler_sample(chooser, context, Int32(index))
            }
        }
        return likeliest
    }

    /// The sequence goes on from a position: with its own cells up to there, or with those of another one.
    private func begin(_ sequence: Int32, at position: Int32) {
        let memory = llama_get_memory(context)
        llama_memory_seq_rm(memory, sequence, position, -1)
        guard position > 0, llama_memory_seq_pos_max(memory, sequence) < position - 1 else { return }
        let source = (0..<Int32(llama_n_seq_max(context))).first {
            llama_memory_seq_pos_max(memory, $0) >= position - 1
        }
        if let source { llama_memory_seq_cp(memory, source, sequence, 0, position) }
    }

    /// The most likely token that does not end the text.
    private func makeChooser() throws -> UnsafeMutablePointer<llama_sampler> {
        let chain = try #require(llama_sampler_chain_init(llama_sampler_chain_default_params()))
        let ends = (0..<Int32(model.vocabularyCount)).filter { llama_vocab_is_eog(model.vocabulary, $0) }
        let biases = ends.map { llama_logit_bias(token: $0, bias: -.infinity) }
        llama_sampler_chain_add(
            chain, llama_sampler_init_logit_bias(Int32(model.vocabularyCount), Int32(biases.count), biases))
        llama_sampler_chain_add(chain, llama_sampler_init_greedy())
        return chain
    }
}

/// Proposes whatever n-gram lookup finds, where ``GovernedSpeculation`` asks first what it costs on this machine.
final class EagerLookup: Speculation {
    private static let limit = 4
    private var proposal: [Int32] = []

    /// What was proposed since it was asked last.
    func takeProposal() -> [Int32] {
        defer { proposal = [] }
        return proposal
    }

    func makeSpeculator(for request: GenerationRequest) -> (any Speculator)? { One(self) }
    func record(tokenCount: Int, duration: Duration) {}

    private final class One: Speculator {
        private let owner: EagerLookup
        private let drafter = NgramDrafter()

        init(_ owner: EagerLookup) { self.owner = owner }

        func begin(_ prompt: [Int32]) { drafter.begin(prompt) }
        func accept(_ tokens: [Int32]) { drafter.accept(tokens) }
        func record(acceptedCount: Int, others: Int) {}
        func propose(room: Int, others: Int) -> [Int32] {
            owner.proposal = drafter.propose(min(room, EagerLookup.limit))
            return owner.proposal
        }
    }
}
