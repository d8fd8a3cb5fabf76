import Roost
import Synchronization

/// How many tokens a second models compute, from one look at their counters to the next.
final class TokenRates: Sendable {
    struct Rates: Sendable, Hashable {
        let tokensPerSecond: Double
        let promptTokensPerSecond: Double
    }

    private struct Look {
        let time: ContinuousClock.Instant
        let generated: Int64
        let prompt: Int64
        var rates: Rates?
    }

    /// Looks that follow each other faster say the same: of a shorter time there is little to count.
    private static let interval = Duration.milliseconds(400)
    /// After that long an average says nothing of now.
    private static let longest = Duration.seconds(10)

    private let looks = Mutex<[String: Look]>([:])

    /// The rates of each model, by its identity; `nil` at the first look.
    func take(_ models: [LoadedModelStatus], now: ContinuousClock.Instant = .now) -> [LoadedReport] {
        looks.withLock { looks in
            // What was not looked at for long has gone.
            looks = looks.filter { now - $0.value.time <= Self.longest }
            return models.map { status in
                let key = status.record.loadedIdentity.description
                let activity = status.activity
                let last = looks[key]
                if let last, now - last.time < Self.interval { return LoadedReport(status, rates: last.rates) }
                var look = Look(
                    time: now, generated: activity.generatedTokenCount, prompt: activity.promptTokenCount, rates: nil)
                if let last, now - last.time <= Self.longest, look.generated >= last.generated,
                    look.prompt >= last.prompt
                {
                    let seconds = (now - last.time) / .seconds(1)
                    look.rates = Rates(
                        tokensPerSecond: (Double(look.generated - last.generated) / seconds * 10).rounded() / 10,
                        promptTokensPerSecond: (Double(look.prompt - last.prompt) / seconds * 10).rounded() / 10)
                }
                looks[key] = look
                return LoadedReport(status, rates: look.rates)
            }
        }
    }
}
