/// Speculation for one context: what its batches cost, the draft model's contexts, and what sequences learned that
/// ended. Makes a ``GovernedSpeculator`` for each sequence. On the engine's thread.
final class GovernedSpeculation: Speculation {
    private(set) var costs = BatchCosts()
    private let makeModelDrafter: (() throws -> ModelDrafter)?
    private let modelDrafterLimit: Int
    private var modelDrafterCount = 0
    private var idleModelDrafters: [ModelDrafter] = []
    /// The latest that a sequence learned, for the next to begin with.
    fileprivate var learned: (lookup: SpeculationGovernor?, model: SpeculationGovernor?)

    /// - Parameters:
    ///   - modelDrafterLimit: most contexts of the draft model, each for one sequence; further sequences go without.
    ///   - makeModelDrafter: makes one; `nil` without a draft model.
    init(modelDrafterLimit: Int = 1, makeModelDrafter: (() throws -> ModelDrafter)? = nil) {
        self.modelDrafterLimit = makeModelDrafter == nil ? 0 : modelDrafterLimit
        self.makeModelDrafter = makeModelDrafter
    }

    /// A batch of `tokenCount` tokens, all with logits, took `duration`, the choice of its tokens included.
    func record(tokenCount: Int, duration: Duration) { costs.record(tokenCount: tokenCount, duration: duration) }

    /// One for a new sequence; whether the request wants it is the scheduler's to ask.
    func makeSpeculator(for request: GenerationRequest) -> (any Speculator)? { speculator() }

    /// One for a new sequence.
    func speculator() -> GovernedSpeculator { GovernedSpeculator(self, modelDrafter: takeModelDrafter()) }

    private func takeModelDrafter() -> ModelDrafter? {
        if let idle = idleModelDrafters.popLast() { return idle }
        guard modelDrafterCount < modelDrafterLimit, let drafter = try? makeModelDrafter?() else { return nil }
        modelDrafterCount += 1
        return drafter
    }

    fileprivate func giveBack(_ drafter: ModelDrafter) { idleModelDrafters.append(drafter) }
}

/// Proposes for one sequence: by lookup where that pays, otherwise by the draft model where there is one and that pays.
final class GovernedSpeculator: Speculator {
    private let speculation: GovernedSpeculation
    private let lookup = NgramDrafter()
    private let model: ModelDrafter?
    private var lookupGovernor: SpeculationGovernor
    private var modelGovernor: SpeculationGovernor
    private var last: (strengths: [DraftStrength], isLookup: Bool) = ([], true)

    fileprivate init(_ speculation: GovernedSpeculation, modelDrafter: ModelDrafter?) {
        self.speculation = speculation
        model = modelDrafter
        lookupGovernor = SpeculationGovernor(after: speculation.learned.lookup)
        modelGovernor = SpeculationGovernor(after: speculation.learned.model)
    }

    deinit {
        if lookupGovernor.draftedCount > 0 { speculation.learned.lookup = lookupGovernor }
        if modelGovernor.draftedCount > 0 { speculation.learned.model = modelGovernor }
        if let model { speculation.giveBack(model) }
    }

    /// Proposed tokens that were computed, and those of them that were right.
    var draftedCount: Int { lookupGovernor.draftedCount + modelGovernor.draftedCount }
    var acceptedCount: Int { lookupGovernor.acceptedCount + modelGovernor.acceptedCount }

    /// A new sequence: its prompt.
    func begin(_ prompt: [Int32]) {
        lookup.begin(prompt)
        model?.begin(prompt)
    }

    /// Tokens that the sequence went on with.
    func accept(_ tokens: [Int32]) {
        lookup.accept(tokens)
        model?.accept(tokens)
    }

    /// Up to `room` tokens to compute beside `others` tokens of other sequences; none when it is not worth it.
    func propose(room: Int, others: Int) -> [Int32] {
        last = ([], true)
        let costs = speculation.costs
        let limit = lookupGovernor.limit(room: room, others: others, costs: costs)
        if limit > 0 {
            let found = lookup.propose(limit)
            let count = lookupGovernor.count(of: lookup.strengths, room: room, others: others, costs: costs)
            if count > 0 {
                last = (Array(lookup.strengths.prefix(count)), true)
                return Array(found.prefix(count))
            }
        }
        guard let model else { return [] }
        let modelLimit = modelGovernor.limit(room: room, others: others, costs: costs)
        guard modelLimit > 0 else { return [] }
        let started = ContinuousClock.now
        let written = model.propose(modelLimit)
        let taken = ContinuousClock.now - started
        // Catching up with a prompt is done once; what it takes says nothing about proposals.
        guard !model.isBehind else { return [] }
        guard !written.isEmpty else {
            modelGovernor.recordWaste(duration: taken, others: others, costs: costs)
            return []
        }
        modelGovernor.recordProposal(tokenCount: written.count, duration: taken)
        let count = modelGovernor.count(of: model.strengths, room: room, others: others, costs: costs)
        last = (Array(model.strengths.prefix(count)), false)
        return Array(written.prefix(count))
    }

    /// What became of the last proposal, which may be an empty one: its first `acceptedCount` tokens were right.
    func record(acceptedCount: Int, others: Int) {
        let costs = speculation.costs
        let none: [DraftStrength] = []
        lookupGovernor.record(
            last.isLookup ? last.strengths : none, accepted: acceptedCount, others: others, costs: costs)
        if model != nil {
            modelGovernor.record(
                last.isLookup ? none : last.strengths, accepted: acceptedCount, others: others, costs: costs)
        }
        last = ([], true)
    }
}
