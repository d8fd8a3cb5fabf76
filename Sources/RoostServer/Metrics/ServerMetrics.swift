import Roost
import Synchronization

/// What the server counts and measures from its start. What can be asked for at any time (memory, queues) is not in it.
///
/// Every label has a bounded set of values: routes by their pattern, models by names that were loaded here.
final class ServerMetrics: Sendable {
    /// Most names of models; further ones count as `otherModel`.
    static let modelLimit = 100
    /// Stands for models beyond the limit.
    static let otherModel = "other"

    /// A kind of request.
    struct RequestKind: Hashable, Sendable {
        let method: String
        let route: String
        /// `2xx`.
        let statusClass: String
    }

    /// What generations of one model came to.
    struct ModelCounts: Sendable {
        var generations = 0
        var failures = 0
        var promptTokens = 0
        var cachedPromptTokens = 0
        var completionTokens = 0
        var timeToFirstToken = Histogram(bounds: Histogram.firstTokenBounds)
        var timeBetweenTokens = Histogram(bounds: Histogram.betweenTokensBounds)
    }

    /// All of it at one moment.
    struct Snapshot: Sendable {
        var requests: [RequestKind: Int] = [:]
        /// Seconds, by route.
        var durations: [String: Histogram] = [:]
        var activeRequestCount = 0
        var brokenRequestCount = 0
        /// Requests that were answered as their like before.
        var repeatedRequestCount = 0
        /// Requests that could not be read, by status.
        var refusals: [Int: Int] = [:]
        var models: [String: ModelCounts] = [:]
    }

    private let state = Mutex(Snapshot())

    /// What has been counted so far.
    var snapshot: Snapshot { state.withLock { $0 } }

    // MARK: Requests

    func requestBegins() {
        state.withLock { $0.activeRequestCount += 1 }
    }

    /// A request has been answered, or its connection broke.
    func requestEnds(_ kind: RequestKind, duration: Duration, isWhole: Bool) {
        state.withLock { state in
            state.activeRequestCount -= 1
            state.requests[kind, default: 0] += 1
            state.durations[kind.route, default: Histogram(bounds: Histogram.requestBounds)]
                .add(duration / .seconds(1))
            if !isWhole { state.brokenRequestCount += 1 }
        }
    }

    /// A request was answered as its like before.
    func requestRepeats() {
        state.withLock { $0.repeatedRequestCount += 1 }
    }

    /// What came was not a request.
    func requestRefused(status: Int) {
        state.withLock { $0.refusals[status, default: 0] += 1 }
    }

    // MARK: Generations

    /// A generation has ended; `timeBetweenTokens` is what was measured of it.
    func generationEnds(
        model: String, results: [GenerationResult], timeBetweenTokens: Histogram, hasFailed: Bool
    ) {
        state.withLock { state in
            let isKnown = state.models[model] != nil || state.models.count < Self.modelLimit
            let label = isKnown ? model : Self.otherModel
            var counts = state.models.removeValue(forKey: label) ?? ModelCounts()
            counts.generations += 1
            if hasFailed { counts.failures += 1 }
            // The choices of a request share its prompt.
            counts.promptTokens += results.first?.promptTokenCount ?? 0
            counts.cachedPromptTokens += results.first?.cachedPromptTokenCount ?? 0
            for result in results {
                counts.completionTokens += result.completionTokenCount
                if let time = result.timeToFirstToken { counts.timeToFirstToken.add(time / .seconds(1)) }
            }
            counts.timeBetweenTokens.add(timeBetweenTokens)
            state.models[label] = counts
        }
    }
}
