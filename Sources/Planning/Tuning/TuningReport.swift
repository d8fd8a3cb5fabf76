public import Foundation
import Hardware
public import Inference

/// What was measured of a model on a machine to find its best settings, and what came of it.
public struct TuningReport: Sendable, Hashable, Codable {
    /// The model's name when it was measured.
    public var model: String
    /// When it began.
    public var startedAt: Date
    /// Seconds that it took, loading included.
    public var seconds: Double
    /// The part of all processors' time that others used just before, 0…1; `nil` when unknown.
    public var loadBefore: Double?
    /// Options that were not to be changed, and what stands for the others by default.
    public var defaults: LoadOptions
    /// What was compared, in order.
    public var stages: [TuningStage]
    /// What is faster than the defaults.
    public var settings: TunedSettings
    /// The settings found against the defaults, both all together; `nil` when nothing was found.
    public var confirmation: TuningConfirmation?

    /// Whether others had work for the machine.
    public var wasBusy: Bool { (loadBefore ?? 0) > MachineLoad.quiet }

    /// A report.
    public init(
        model: String, startedAt: Date, seconds: Double = 0, loadBefore: Double?, defaults: LoadOptions,
        stages: [TuningStage] = [], settings: TunedSettings = .init(), confirmation: TuningConfirmation? = nil
    ) {
        self.model = model
        self.startedAt = startedAt
        self.seconds = seconds
        self.loadBefore = loadBefore
        self.defaults = defaults
        self.stages = stages
        self.settings = settings
        self.confirmation = confirmation
    }
}

/// One setting's candidates, measured.
public struct TuningStage: Sendable, Hashable, Codable {
    /// Settings that are tuned.
    public enum Setting: String, Sendable, Hashable, Codable, CaseIterable {
        case threads, batchThreads, microBatch, flashAttention
    }

    /// What is computed in a run.
    public enum Work: String, Sendable, Hashable, Codable {
        /// Tokens one after the other.
        case decode
        /// Tokens of a prompt, together.
        case prefill
        /// Both; the figure is the geometric mean.
        case both
    }

    /// A value of the setting.
    public struct Candidate: Sendable, Hashable, Codable {
        /// As people write it.
        public var value: String
        /// Tokens per second, run by run.
        public var samples: [Double]
        /// Why it could not be measured.
        public var problem: String?

        /// A candidate.
        public init(value: String, samples: [Double] = [], problem: String? = nil) {
            self.value = value
            self.samples = samples
            self.problem = problem
        }
    }

    /// What is chosen.
    public var setting: Setting
    /// What was computed.
    public var work: Work
    /// Tokens of a run.
    public var tokenCount: Int
    /// Tokens that were in the cache before.
    public var depth: Int
    /// What was tried; the default first.
    public var candidates: [Candidate]
    /// The default's runs of the final, in pairs with ``challengerSamples``.
    public var defaultSamples: [Double]
    /// The other one's.
    public var challengerSamples: [Double]
    /// What came of it.
    public var verdict: TuningVerdict

    /// A stage.
    public init(
        setting: Setting, work: Work, tokenCount: Int, depth: Int, candidates: [Candidate], race: TuningRace,
        verdict: TuningVerdict
    ) {
        self.setting = setting
        self.work = work
        self.tokenCount = tokenCount
        self.depth = depth
        self.candidates = candidates
        for (index, samples) in race.samples.enumerated() where candidates.indices.contains(index) {
            self.candidates[index].samples = samples
        }
        (defaultSamples, challengerSamples) = race.finalSamples
        self.verdict = verdict
    }

    /// The value to use; `nil` for the default.
    public var winner: Candidate? {
        verdict.winner > 0 && candidates.indices.contains(verdict.winner) ? candidates[verdict.winner] : nil
    }

    /// The best other value.
    public var challenger: Candidate? {
        verdict.challenger.flatMap { candidates.indices.contains($0) ? candidates[$0] : nil }
    }

    /// Whether runs of the default differ by more than 5 % (their coefficient of variation): the machine was not quiet.
    public var isNoisy: Bool {
        (SampleStatistics(defaultSamples.isEmpty ? candidates.first?.samples ?? [] : defaultSamples)?
            .coefficientOfVariation ?? 0) > 0.05
    }
}

/// Settings against defaults, in runs that were taken in turns.
public struct TuningConfirmation: Sendable, Hashable, Codable {
    /// Tokens per second of one work.
    public struct Comparison: Sendable, Hashable, Codable {
        /// With the defaults.
        public var defaults: [Double]
        /// With the settings found.
        public var tuned: [Double]

        /// Nothing yet.
        public init() { (defaults, tuned) = ([], []) }

        /// How many times as fast.
        public var ratio: PairedRatio? {
            let count = min(defaults.count, tuned.count)
            return PairedRatio(Array(tuned.prefix(count)), to: Array(defaults.prefix(count)))
        }
    }

    /// Tokens one after the other.
    public var decode = Comparison()
    /// Tokens of a prompt.
    public var prefill = Comparison()

    /// Nothing yet.
    public init() {}
}
