import Roost
import Terminal

/// What `--stats` and `--json` tell of an answer. Durations in seconds, sizes in bytes.
struct RunReport: Encodable, Sendable {
    var model: String
    var text: String
    var finishReason: String
    var promptTokenCount: Int
    var promptSeconds: Double
    var promptTokensPerSecond: Double
    var completionTokenCount: Int
    var completionSeconds: Double
    var tokensPerSecond: Double
    var timeToFirstTokenSeconds: Double?
    var totalSeconds: Double
    /// Getting the model into memory; 0 when it was there.
    var loadSeconds: Double
    var memory: RunMemory?
    /// The most that this machine can do with the model; `nil` when it was not measured.
    var limitTokensPerSecond: Double?
    /// The same for prompts.
    var promptLimitTokensPerSecond: Double?

    init(
        model: RunModel, answer: Answer, loadDuration: Duration, memory: RunMemory?, limit: SpeedExpectation? = nil
    ) {
        let result = answer.result
        self.model = model.name.description
        text = answer.text
        finishReason = result.finishReason.rawValue
        promptTokenCount = result.promptTokenCount
        promptSeconds = result.promptDuration / .seconds(1)
        promptTokensPerSecond = result.promptTokensPerSecond
        completionTokenCount = result.completionTokenCount
        completionSeconds = result.completionDuration / .seconds(1)
        tokensPerSecond = result.tokensPerSecond
        timeToFirstTokenSeconds = result.timeToFirstToken.map { $0 / .seconds(1) }
        totalSeconds = result.totalDuration / .seconds(1)
        loadSeconds = loadDuration / .seconds(1)
        self.memory = memory
        limitTokensPerSecond = limit?.decodeTokensPerSecond
        promptLimitTokensPerSecond = limit?.prefillTokensPerSecond
    }

    /// The lines of `--stats`.
    var lines: [String] {
        var lines = [
            "answer        \(completionTokenCount) tokens, \(HumanReadable.fixed(tokensPerSecond, 1)) tokens/s"
                + Self.share(tokensPerSecond, of: limitTokensPerSecond),
            "prompt        \(promptTokenCount) tokens, \(HumanReadable.fixed(promptTokensPerSecond, 1)) tokens/s"
                + Self.share(promptTokensPerSecond, of: promptLimitTokensPerSecond),
        ]
        if let timeToFirstTokenSeconds {
            lines.append("first token   after \(HumanReadable.duration(.seconds(timeToFirstTokenSeconds)))")
        }
        lines.append(
            "time          \(HumanReadable.duration(.seconds(totalSeconds)))"
                + (loadSeconds > 0 ? ", loading the model \(HumanReadable.duration(.seconds(loadSeconds)))" : ""))
        if let memory {
            lines.append(
                "memory        \(HumanReadable.bytes(memory.modelByteCount)) model with context"
                    + (memory.peakProcessByteCount.map { ", \(HumanReadable.bytes($0)) process at its peak" } ?? ""))
        }
        return lines
    }

    /// `, 61 % of this machine's limit`; nothing where that is unknown.
    private static func share(_ speed: Double, of limit: Double?) -> String {
        guard let limit, limit > 0, speed > 0 else { return "" }
        return ", \(HumanReadable.fixed(speed / limit * 100, 0)) % of this machine's limit"
    }
}
