import Inference

/// A comparison of values of one setting, that can be gone on with when there is time again.
struct TuningContest {
    let setting: TuningStage.Setting
    let work: TuningStage.Work
    /// One for each candidate; the default first.
    let questions: [SpeedQuestion]
    /// Puts the value of a candidate into settings.
    let change: (_ candidate: Int, _ settings: inout TunedSettings) -> Void
    private(set) var verdict: TuningVerdict?

    private var candidates: [TuningStage.Candidate]
    private var race: TuningRace
    /// Seconds that a run takes, as expected before the first.
    private let expected: Double
    private var (runCount, spent) = (0, 0.0)

    init(
        _ setting: TuningStage.Setting, _ work: TuningStage.Work, values: [String], questions: [SpeedQuestion],
        expectedSeconds: Double, change: @escaping (_ candidate: Int, _ settings: inout TunedSettings) -> Void
    ) {
        self.setting = setting
        self.work = work
        self.questions = questions
        self.change = change
        candidates = values.map { TuningStage.Candidate(value: $0) }
        race = TuningRace(candidateCount: values.count)
        expected = expectedSeconds
    }

    /// What to do with so many seconds left. What it says last is kept as its verdict.
    mutating func next(secondsLeft: Double) -> TuningRace.Step {
        let cost = runCount > 0 ? spent / Double(runCount) : expected
        let step = race.next(affordableRunCount: Int(max(0, min(secondsLeft / max(cost, 1e-6), 1e6))))
        if case .done(let verdict) = step { self.verdict = verdict }
        return step
    }

    /// Notes a run: tokens per second, or why there are none.
    mutating func record(_ rate: Result<Double?, InferenceError>, of candidate: Int, seconds: Double) {
        runCount += 1
        spent += seconds
        switch rate {
        case .success(let rate): race.record(rate, of: candidate)
        case .failure(let error):
            candidates[candidate].problem = error.description
            race.record(nil, of: candidate)
        }
    }

    func value(of candidate: Int) -> String { candidates[candidate].value }

    /// `nil` as long as there is no verdict.
    var stage: TuningStage? {
        guard let verdict, let question = questions.first else { return nil }
        return TuningStage(
            setting: setting, work: work, tokenCount: question.promptTokenCount + question.generatedTokenCount,
            depth: question.depth, candidates: candidates, race: race, verdict: verdict)
    }
}
