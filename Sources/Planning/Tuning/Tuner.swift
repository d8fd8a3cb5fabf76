import Foundation
package import Hardware
package import Inference

/// Measures a loaded model with candidates of its settings, one setting after the other, within a time.
///
/// ```swift
/// var tuner = Tuner(meter: meter, machine: machine, options: options, start: .now, seconds: 60) { _, _ in }
/// try await tuner.run()
/// print(tuner.settings)
/// ```
package struct Tuner {
    /// How far it is: what is measured, and the part of the time that is over, 0…1.
    package typealias Progress = @Sendable (_ step: String, _ fraction: Double) -> Void

    private let meter: any SpeedMeter
    private let machine: Machine
    private let options: LoadOptions
    private let start: ContinuousClock.Instant
    private let seconds: Double
    private let progress: Progress

    /// The settings found against the defaults; `nil` when nothing was found.
    package private(set) var confirmation: TuningConfirmation?
    private var contests: [TuningContest] = []
    /// Tokens per second with the defaults, roughly.
    private var decodeRate = 0.0
    private var prefillRate = 0.0

    /// A tuner of one model.
    ///
    /// - Parameters:
    ///   - meter: measures the model.
    ///   - machine: where it runs.
    ///   - options: as the model would be loaded; what was chosen there stays.
    ///   - start: when the time began.
    ///   - seconds: for all of it, from `start`; more than 0.
    package init(
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
        static let threads = 0.2
        static let batchThreads = 0.35
        static let microBatch = 0.6
        static let flashAttention = 0.7
        static let deepFlashAttention = 0.8
        static let undecided = 0.9
        static let confirmation = 0.97
    }

    /// Seconds that one run should take: long enough that starting it does not count.
    private static let runSeconds = 0.25
    /// Tokens in the cache for the second look at attention.
    private static let depth = 4096

    /// Measures all.
    ///
    /// - Throws: `InferenceError` when the defaults cannot be measured; `CancellationError`.
    package mutating func run() async throws {
        try await calibrate()
        try await tuneThreads()
        try await tuneMicroBatch()
        try await tuneFlashAttention()
        // What time ended before it was decided.
        for place in contests.indices { try await race(place, until: Share.undecided) }
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

    /// What was compared so far, in order.
    package var stages: [TuningStage] { contests.compactMap(\.stage) }

    /// What is faster than the defaults as far as it is known.
    package var settings: TunedSettings {
        var result = TunedSettings()
        for setting in TuningStage.Setting.allCases {
            let verdicts = contests.filter { $0.setting == setting }.compactMap(\.verdict)
            guard let change = contests.first(where: { $0.setting == setting })?.change else { continue }
            if let winner = verdicts.map(\.winner).first(where: { $0 > 0 }),
                TuningVerdict.isWinner(winner, at: verdicts)
            {
                change(winner, &result)
            } else if setting == .batchThreads, result.threadCount != nil {
                // Without a number of its own it would follow the one for single tokens.
                change(0, &result)
            }
        }
        return result
    }

    private mutating func tuneThreads() async throws {
        guard options.threadCount == nil else { return }
        let counts = TuningCandidates.threadCounts(
            machine.processor, default: defaultThreadCount, quota: machine.limits.processorQuota)
        let values = counts.map { "\($0)" }
        try await race(.threads, .decode, values: values, until: Share.threads) { index, settings in
            settings.threadCount = counts[index]
        }
        guard options.batchThreadCount == nil else { return }
        try await race(.batchThreads, .prefill, values: values, until: Share.batchThreads) { index, settings in
            settings.batchThreadCount = counts[index]
        }
    }

    private mutating func tuneMicroBatch() async throws {
        guard options.microBatchSize == LoadOptions().microBatchSize else { return }
        // Only a prompt as long as a micro-batch tells it from smaller ones: the longest ones are left out where
        // there is no time for such prompts.
        var tokenCount = min(options.batchSize, 2048, contextLength)
        func sizes() -> [Int] {
            TuningCandidates.microBatchSizes(options).filter { $0 <= max(tokenCount, options.microBatchSize) }
        }
        func seconds() -> Double {
            Double(tokenCount) / max(prefillRate, 1e-9)
                * Double(TuningRace.expectedRunCount(candidateCount: sizes().count))
        }
        while tokenCount > options.microBatchSize, seconds() > timeLeft(until: Share.microBatch) { tokenCount /= 2 }
        let compared = sizes()
        try await race(
            .microBatch, .prefill, values: compared.map { "\($0)" }, tokenCount: tokenCount, until: Share.microBatch
        ) { index, settings in
            settings.microBatchSize = compared[index]
        }
    }

    private mutating func tuneFlashAttention() async throws {
        let ways = TuningCandidates.flashAttention(options)
        guard ways.count > 1 else { return }
        let change: (Int, inout TunedSettings) -> Void = { index, settings in settings.flashAttention = ways[index] }
        let values = ways.map(\.rawValue)
        try await race(.flashAttention, .both, values: values, until: Share.flashAttention, change: change)
        let depth = min(Self.depth, contextLength - 640)
        let needed = 2 * Double(depth) / max(prefillRate, 1e-9)
        if depth >= 1024, needed < 0.4 * timeLeft(until: Share.deepFlashAttention) {
            try await race(
                .flashAttention, .both, values: values, depth: depth, until: Share.deepFlashAttention, change: change)
        }
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

    /// Races candidates of one setting, all other settings being the best found so far.
    private mutating func race(
        _ setting: TuningStage.Setting, _ work: TuningStage.Work, values: [String], depth: Int = 0,
        tokenCount: Int? = nil, until share: Double, change: @escaping (Int, inout TunedSettings) -> Void
    ) async throws {
        let prompt = work == .decode ? 0 : tokenCount ?? promptCount
        let generated = work == .prefill ? 0 : decodeCount
        let settings = settings
        let questions = values.indices.map { index in
            var changed = settings
            // What is the default is left open, but for threads, which must not follow another setting.
            if index > 0 || setting == .threads || setting == .batchThreads { change(index, &changed) }
            return SpeedQuestion(
                options: options(changed), promptTokenCount: prompt, generatedTokenCount: generated, depth: depth)
        }
        contests.append(
            TuningContest(
                setting, work, values: values, questions: questions,
                expectedSeconds: Double(prompt) / max(prefillRate, 1e-9) + Double(generated) / max(decodeRate, 1e-9),
                change: change))
        try await race(contests.count - 1, until: share)
    }

    /// Goes on with a contest until it is decided, or its time is over.
    private mutating func race(_ place: Int, until share: Double) async throws {
        while case .run(let order) = contests[place].next(secondsLeft: timeLeft(until: share)) {
            for index in order {
                try Task.checkCancellation()
                let contest = contests[place]
                let time = ContinuousClock.now
                progress(
                    "\(contest.setting.rawValue) \(contest.value(of: index))",
                    min(1, (time - start) / .seconds(seconds)))
                let question = contest.questions[index]
                let rate: Result<Double?, InferenceError>
                do {
                    rate = .success(Self.score(try await meter.answer(question), question))
                } catch let error as InferenceError where index > 0 && !error.endsMeasuring {
                    rate = .failure(error)
                }
                contests[place].record(rate, of: index, seconds: (ContinuousClock.now - time) / .seconds(1))
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
        let settings = settings
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
