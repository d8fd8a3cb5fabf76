/// One choice of a request on its way through the engine. Lives on the engine's thread.
final class SequenceRun {
    let task: GenerationTask
    let prompt: PreparedPrompt
    let choice: Int
    let sampler: Sampler
    let namespace: PrefixNamespace
    /// Symbols of the prompt.
    let promptCount: Int
    /// Pictures of the prompt by their symbols.
    let media: [Int32: any MediaPiece]
    /// Positions of messages' ends, as counts of symbols.
    let boundaries: [Int]
    var answer: Answer

    /// All that is to be computed: the prompt and the answer, as symbols.
    var content: [Int32]
    /// Symbols that the cache holds.
    var computedCount = 0
    /// Positions that they take.
    var position = 0
    /// The cache's sequence; `nil` while it waits.
    var sequence: Int32?
    /// Counts of symbols at which a computation has to stop: checkpoints, and where others wait to go on from.
    var stops: Set<Int> = []
    var checkpoints: Set<Int> = []
    /// Another one that computes what this one needs, and how much of it.
    var leader: SequenceRun?
    var sharedCount = 0
    /// Whether it looks for a beginning in the cache: when it is taken, and when its leader ends too early.
    var needsBeginning = true
    /// Whether the oldest part of its context was dropped: what the cache holds is no prompt's beginning then.
    var keptCount: Int?

    /// Proposes its tokens; made when it has chosen its first one.
    var speculator: (any Speculator)?
    var hasSpeculator = false
    var draftedCount = 0
    var acceptedCount = 0
    /// Of the last turn's proposal.
    var lastAcceptedCount = 0
    /// Prompt tokens that were there already; set when it is first taken.
    var cachedCount: Int?
    var started: ContinuousClock.Instant?
    var promptEnded: ContinuousClock.Instant?
    /// Tokens that its tenant was charged for it, and that it was served.
    var chargedCount = 0
    var servedCount = 0
    /// The place that its readers were told last.
    var toldPlace: Int?
    /// When it was taken first: lower is older.
    var order = UInt64.max

    init(
        _ request: PreparedRequest, choice: Int, content: [Int32], boundaries: [Int],
        media: [Int32: any MediaPiece], namespace: PrefixNamespace
    ) {
        task = request.task
        prompt = request.prompt
        self.choice = choice
        sampler = request.samplers[choice]
        self.namespace = namespace
        self.content = content
        self.boundaries = boundaries
        self.media = media
        promptCount = content.count
        answer = Answer(choice: choice, prompt: request.prompt)
    }

    var options: GenerationOptions { task.options }
    var remainingCount: Int { content.count - computedCount }
    /// Whether only the token that was chosen last is to be computed.
    var isDecoding: Bool { remainingCount == 1 && leader == nil && !needsBeginning && content[computedCount] >= 0 }
    /// Whether more of the prompt (or of all, after it had to give way) is to be computed.
    var isPrefilling: Bool { leader == nil && !needsBeginning && !isDecoding }
    /// Tokens that it may still choose.
    var leftCount: Int { max(0, (options.maxTokens ?? .max) - answer.sampledCount) }

    /// How many of the next symbols can be computed as one batch: up to a stop or a picture.
    func chunk(limit: Int) -> Int {
        var end = min(content.count, computedCount + limit)
        if let stop = stops.lazy.filter({ $0 > self.computedCount }).min() { end = min(end, stop) }
        if !media.isEmpty, let picture = content[computedCount..<end].firstIndex(where: { $0 < 0 }) { end = picture }
        return end - computedCount
    }

    /// The picture that comes next, if one does.
    var nextMedia: (any MediaPiece)? {
        guard isPrefilling, remainingCount > 0, content[computedCount] < 0 else { return nil }
        return media[content[computedCount]]
    }

    /// Its place in the cache is gone; it begins again, with what the cache may still have.
    func reset() {
        sequence = nil
        computedCount = 0
        position = 0
        leader = nil
        needsBeginning = true
        stops = []
        checkpoints = []
    }
}
