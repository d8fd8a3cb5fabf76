import Roost

/// Measures one generation as its events pass, and tells the server's metrics when it has ended: nothing is shared while
/// tokens come.
struct GenerationMeter {
    private let metrics: ServerMetrics
    private let model: String
    private let choiceCount: Int
    private var timeBetweenTokens = Histogram(bounds: Histogram.betweenTokensBounds)
    private var last: ContinuousClock.Instant?
    private var results: [GenerationResult] = []

    /// - Parameter model: the name that the model was loaded under.
    init(_ metrics: ServerMetrics, model: String, choiceCount: Int) {
        self.metrics = metrics
        self.model = model
        self.choiceCount = choiceCount
    }

    mutating func take(_ event: GenerationEvent) {
        switch event {
        case .delta:
            let now = ContinuousClock.now
            if let last { timeBetweenTokens.add((now - last) / .seconds(1)) }
            last = now
        case .finished(var result):
            // Only its counts are wanted.
            result.text = ""
            result.reasoning = ""
            result.tokens = []
            results.append(result)
        case .queued, .promptProgress: break
        }
    }

    /// It has ended; one that has not all its results has failed.
    func end() {
        metrics.generationEnds(
            model: model, results: results, timeBetweenTokens: timeBetweenTokens,
            hasFailed: results.count < choiceCount)
    }
}
