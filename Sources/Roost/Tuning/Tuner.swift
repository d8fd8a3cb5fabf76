import Foundation
import Hardware
import Inference
import Planning

/// Measures a loaded model with candidates of its settings, one setting after the other, within a time.
struct Tuner {
    /// How far it is.
    typealias Progress = @Sendable (_ step: String, _ fraction: Double) -> Void

    let meter: any SpeedMeter
    let machine: Machine
    /// As the model would be loaded; what was chosen there stays.
    let options: LoadOptions
    let start: ContinuousClock.Instant
    /// Seconds for all of it, from `start`.
    let seconds: Double
    let progress: Progress

    private(set) var settings = TunedSettings()
    private(set) var stages: [TuningStage] = []
    private(set) var confirmation: TuningConfirmation?
    /// Tokens per second with the defaults, roughly.
    private var decodeRate = 0.0
    private var prefillRate = 0.0

    init(
        meter: any SpeedMeter, machine: Machine, options: LoadOptions, start: ContinuousClock.Instant, seconds: Double,
        progress: @escaping Progress
    ) {
        self.meter = meter
        self.machine = machine
        self.options = options
        self.start = start
        self.seconds = seconds
        self.progress = progress
    }

    /// Parts of the time by which each step is over. What one leaves over is the next one's.
    private enum Share {
        static let threads = 0.3
        static let batchThreads = 0.5
        static let microBatch = 0.7
        static let flashAttention = 0.88
        static let confirmation = 0.97
    }

    /// Seconds that one run should take: long enough that starting it does not count.
    private static let runSeconds = 0.25
    /// Tokens in the cache for the second look at attention.
    private static let depth = 4096

    /// Measures all.
    ///
    /// - Throws: `InferenceError` when the defaults cannot be measured; `CancellationError`.
    mutating func run() async throws {
        try await calibrate()
        try await tuneThreads()
        try await tuneMicroBatch()
        try await tuneFlashAttention()
        try await confirm()
        progress("done", 1)
    }

    // MARK: Settings

    private var defaultThreadCount: Int { options.threadCount ?? machine.computeThreadCount }

    /// Options with settings, and threads in numbers.
    private func options(_ settings: TunedSettings) -> LoadOptions {
        var result = settings.applied(to: options)
        result.threadCount = result.threadCount ?? defaultThreadCount
        result.batchThreadCount = result.batchThreadCount ?? result.threadCount
        return result
    }

    private mutating func tuneThreads() async throws {
        guard options.threadCount == nil else { return }
        let counts = TuningCandidates.threadCounts(
            machine.processor, default: defaultThreadCount, quota: machine.limits.processorQuota)
        let threads = try await race(.threads, .decode, values: counts.map { "\($0)" }, until: Share.threads) {
            index, settings in
            settings.threadCount = counts[index]
        }
        if threads > 0 { settings.threadCount = counts[threads] }
        guard options.batchThreadCount == nil else { return }
        let batch = try await race(.batchThreads, .prefill, values: counts.map { "\($0)" }, until: Share.batchThreads) {
            index, settings in
            settings.batchThreadCount = counts[index]
        }
        // Without a number of its own it would follow the one for single tokens.
        if batch > 0 || threads > 0 { settings.batchThreadCount = counts[batch] }
    }

    private mutating func tuneMicroBatch() async throws {
        guard options.microBatchSize == LoadOptions().microBatchSize else { return }
        let sizes = TuningCandidates.microBatchSizes(options)
        let winner = try await race(
            .microBatch, .prefill, values: sizes.map { "\($0)" }, until: Share.microBatch,
            tokenCount: min(options.batchSize, 2048, contextLength)
        ) { index, settings in
            settings.microBatchSize = sizes[index]
        }
        if winner > 0 { settings.microBatchSize = sizes[winner] }
    }

    private mutating func tuneFlashAttention() async throws {
        let ways = TuningCandidates.flashAttention(options)
        guard ways.count > 1 else { return }
        let change: (Int, inout TunedSettings) -> Void = { index, settings in settings.flashAttention = ways[index] }
        let middle = (Share.microBatch + Share.flashAttention) / 2
        let values = ways.map(\.rawValue)
        _ = try await race(.flashAttention, .both, values: values, until: middle, change: change)
        let depth = min(Self.depth, contextLength - 640)
        if depth >= 1024, 2 * Double(depth) / max(prefillRate, 1e-9) < 0.4 * timeLeft(until: Share.flashAttention) {
            _ = try await race(
                .flashAttention, .both, values: values, depth: depth, until: Share.flashAttention, change: change)
        }
        let verdicts = stages.filter { $0.setting == .flashAttention }.map(\.verdict)
        if TuningVerdict.isWinner(1, at: verdicts) { settings.flashAttention = ways[1] }
    }

    private var contextLength: Int { meter.info.contextLength }

    // MARK: Time

    private func timeLeft(until share: Double) -> Double {
        seconds * share - (ContinuousClock.now - start) / .seconds(1)
    }

    /// Finds out how fast it is, so that runs get a sensible length.
    private mutating func calibrate() async throws {
        progress("looking how fast it is", 0)
        let defaults = options(TunedSettings())
        let first = SpeedQuestion(
            options: defaults, promptTokenCount: min(64, contextLength / 2), generatedTokenCount: 4)
        let answer = try await meter.answer(first)
        prefillRate = answer.promptRates(first).last ?? 1
        decodeRate = answer.generationRates(first).last ?? 1
        guard Double(first.promptTokenCount) / prefillRate < 0.5 else { return }
        let second = SpeedQuestion(options: defaults, promptTokenCount: promptCount, generatedTokenCount: decodeCount)
        let better = try await meter.answer(second)
        prefillRate = better.promptRates(second).last ?? prefillRate
        decodeRate = better.generationRates(second).last ?? decodeRate
    }

    private var promptCount: Int {
        min(max(32, Int(prefillRate * Self.runSeconds)), options.batchSize, 512, contextLength / 2)
    }
    private var decodeCount: Int { min(max(4, Int(decodeRate * Self.runSeconds)), 64, contextLength / 2) }

    // MARK: Racing

    /// Races candidates of one setting, all other settings being the best found so far; the winner's place.
    private mutating func race(
        _ setting: TuningStage.Setting, _ work: TuningStage.Work, values: [String], depth: Int = 0, until share: Double,
        tokenCount: Int? = nil, change: (Int, inout TunedSettings) -> Void
    ) async throws -> Int {
        let prompt = work == .decode ? 0 : tokenCount ?? promptCount
        let generated = work == .prefill ? 0 : decodeCount
        let questions = values.indices.map { index in
            var changed = settings
            // What is the default is left open, but for threads, which must not follow another setting.
            if index > 0 || setting == .threads || setting == .batchThreads { change(index, &changed) }
            return SpeedQuestion(
                options: options(changed), promptTokenCount: prompt, generatedTokenCount: generated, depth: depth)
        }
        var candidates = values.map { TuningStage.Candidate(value: $0) }
        var race = TuningRace(candidateCount: values.count)
        var (runCount, spent) = (0, 0.0)
        let expected = Double(prompt) / max(prefillRate, 1e-9) + Double(generated) / max(decodeRate, 1e-9)
        while true {
            let cost = runCount > 0 ? spent / Double(runCount) : expected
            let affordable = Int(max(0, min(timeLeft(until: share) / max(cost, 1e-6), 1e6)))
            switch race.next(affordableRunCount: affordable) {
            case .done(let verdict):
                stages.append(
                    TuningStage(
                        setting: setting, work: work, tokenCount: prompt + generated, depth: depth,
                        candidates: candidates, race: race, verdict: verdict))
                return verdict.winner
            case .run(let order):
                for index in order {
                    try Task.checkCancellation()
                    let time = ContinuousClock.now
                    progress("\(setting.rawValue) \(values[index])", min(1, (time - start) / .seconds(seconds)))
                    do {
                        let answer = try await meter.answer(questions[index])
                        race.record(Self.score(answer, questions[index]), of: index)
                    } catch let error as InferenceError where index > 0 && !error.endsMeasuring {
                        candidates[index].problem = error.description
                        race.record(nil, of: index)
                    }
                    runCount += 1
                    spent += (ContinuousClock.now - time) / .seconds(1)
                }
            }
        }
    }

    private static func score(_ answer: SpeedAnswer, _ question: SpeedQuestion) -> Double? {
        let rates = answer.promptRates(question) + answer.generationRates(question)
        guard !rates.isEmpty else { return nil }
        return exp(rates.reduce(0) { $0 + log($1) } / Double(rates.count))
    }

    /// What was found against the defaults, in turns.
    private mutating func confirm() async throws {
        guard !settings.isDefault else { return }
        let sides = [TunedSettings(), settings].map {
            SpeedQuestion(options: options($0), promptTokenCount: promptCount, generatedTokenCount: decodeCount)
        }
        var found = TuningConfirmation()
        for pair in 0..<11 where pair < 5 || timeLeft(until: Share.confirmation) > 0 {
            for side in pair % 2 == 0 ? [0, 1] : [1, 0] {
                progress(
                    "the defaults against what was found", min(1, (ContinuousClock.now - start) / .seconds(seconds)))
                let answer = try await meter.answer(sides[side])
                let rates = (answer.generationRates(sides[side]), answer.promptRates(sides[side]))
                if side == 0 {
                    found.decode.defaults += rates.0
                    found.prefill.defaults += rates.1
                } else {
                    found.decode.tuned += rates.0
                    found.prefill.tuned += rates.1
                }
            }
        }
        confirmation = found
    }
}

extension InferenceError {
    /// Whether nothing more can be measured after it.
    fileprivate var endsMeasuring: Bool {
        switch self {
        case .workerCrashed, .workerUnresponsive, .workerFailed, .unloaded, .sandboxUnavailable: true
        default: false
        }
    }
}
