import Foundation
import Inference

/// Makes events of an answer's chunks: a state machine apart from any I/O.
struct AnswerAssembly: Sendable {
    /// What an engine does that no answer may.
    enum Violation: Error, Sendable, Hashable {
        /// It told of an error itself.
        case fault(EngineFault)
        /// A chunk is not what the API says; a few words.
        case malformed(String)
        /// It is larger than answers may be.
        case tooLarge(limit: Int)
        /// It ended before its end.
        case incomplete
    }

    private struct Choice: Sendable {
        var text = ""
        var reasoning = ""
        var calls: [ToolCall] = []
        var callPlaces: [Int: Int] = [:]
        var reason: FinishReason?
        var deltaCount = 0
    }

    private var choices: [Choice]
    private var usage: AnswerChunk.Usage?
    private var timings: AnswerChunk.Timings?
    private var byteCount = 0
    private let seed: UInt32
    private let submitted: ContinuousClock.Instant
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: ContinuousClock.Instant?
    /// Makes ids for calls that came without one.
    private let makeCallID: @Sendable () -> String

    /// Bytes of text, reasoning and arguments of one answer, all choices together.
    static let byteLimit = 64 << 20
    /// Function calls of one choice.
    static let callLimit = 1024
    /// More tokens than any request has: sums of what engines count stay far from the largest number.
    private static let tokenLimit = 1 << 32

    /// Whether a token has come.
    var hasBegun: Bool { firstToken != nil }

    init(
        choiceCount: Int, seed: UInt32?, submitted: ContinuousClock.Instant,
        makeCallID: @escaping @Sendable () -> String = { "call_" + UUID().uuidString.lowercased().filter { $0 != "-" } }
    ) {
        choices = Array(repeating: Choice(), count: max(1, choiceCount))
        self.seed = seed ?? 0
        self.submitted = submitted
        self.makeCallID = makeCallID
    }

    /// The events of one chunk. Throws `Violation`.
    mutating func take(_ data: String, now: ContinuousClock.Instant) throws -> [GenerationEvent] {
        let chunk: AnswerChunk
        do {
            chunk = try JSONDecoder().decode(AnswerChunk.self, from: Data(data.utf8))
        } catch {
            throw Violation.malformed("a piece of the answer is not the JSON expected")
        }
        return try take(chunk, now: now)
    }

    mutating func take(_ chunk: AnswerChunk, now: ContinuousClock.Instant) throws -> [GenerationEvent] {
        if let fault = chunk.error { throw Violation.fault(fault) }
        if let usage = chunk.usage { self.usage = usage }
        if let timings = chunk.timings { self.timings = timings }
        var events: [GenerationEvent] = []
        if !hasBegun, let progress = chunk.promptProgress, let total = progress.total, let done = progress.processed,
            done >= 0, done <= total
        {
            events.append(
                .promptProgress(processed: done, total: total, cached: min(max(progress.cache ?? 0, 0), done)))
        }
        for choice in chunk.choices ?? [] {
            if let delta = try take(choice, now: now) { events.append(.delta(delta)) }
        }
        if let content = chunk.content {
            var delta = GenerationDelta(text: content)
            if chunk.stop == true {
                choices[0].reason = chunk.stopType == "limit" ? .length : .stop
                usage = usage ?? .init(promptTokens: chunk.tokensEvaluated, completionTokens: chunk.tokensPredicted)
            }
            if try keep(&delta, now: now) { events.append(.delta(delta)) }
        }
        return events
    }

    private mutating func take(_ choice: AnswerChunk.Choice, now: ContinuousClock.Instant) throws -> GenerationDelta? {
        let index = choice.index ?? 0
        guard choices.indices.contains(index) else {
            throw Violation.malformed("it has a choice \(index), but \(choices.count) were asked for")
        }
        let message = choice.delta ?? choice.message
        var delta = GenerationDelta(
            choice: index, text: choice.text ?? message?.content?.text ?? "",
            reasoning: message?.reasoningContent ?? message?.reasoning ?? "")
        for call in message?.toolCalls ?? [] {
            if let call = try take(call, of: index) { delta.toolCalls.append(call) }
        }
        delta.logProbabilities = choice.logprobs?.tokenProbabilities ?? []
        let isMore = try keep(&delta, now: now)
        if let reason = choice.finishReason { choices[index].reason = Self.reason(reason) }
        return isMore ? delta : nil
    }

    /// More of a call. Engines that send whole calls without numbers, or all with the number 0, tell them apart by ids.
    private mutating func take(_ call: AnswerChunk.Call, of choice: Int) throws -> ToolCallDelta? {
        let arguments = call.function?.arguments ?? ""
        let hasName = call.function?.name?.isEmpty == false
        let known =
            if let index = call.index { choices[choice].callPlaces[index] } else { choices[choice].calls.indices.last }
        let isNew =
            if let known, let id = call.id, !id.isEmpty {
                hasName && id != choices[choice].calls[known].id
            } else {
                known == nil || call.index == nil && hasName
            }
        if let known, !isNew {
            choices[choice].calls[known].arguments += arguments
            return arguments.isEmpty ? nil : ToolCallDelta(index: known, arguments: arguments)
        }
        guard let name = call.function?.name, !name.isEmpty else {
            throw Violation.malformed("a function call has no name")
        }
        let place = choices[choice].calls.count
        guard place < Self.callLimit else { throw Violation.malformed("it has more than \(Self.callLimit) calls") }
        let id = call.id.flatMap { $0.isEmpty ? nil : $0 } ?? makeCallID()
        choices[choice].calls.append(ToolCall(id: id, name: name, arguments: arguments))
        choices[choice].callPlaces[call.index ?? place] = place
        return ToolCallDelta(index: place, id: id, name: name, arguments: arguments)
    }

    /// Adds a delta to its choice; false when there is nothing in it.
    private mutating func keep(_ delta: inout GenerationDelta, now: ContinuousClock.Instant) throws -> Bool {
        guard !delta.isEmpty else { return false }
        byteCount += delta.text.utf8.count + delta.reasoning.utf8.count
        byteCount += delta.toolCalls.reduce(0) { $0 + $1.arguments.utf8.count + 64 }
        byteCount += delta.logProbabilities.count
        guard byteCount <= Self.byteLimit else { throw Violation.tooLarge(limit: Self.byteLimit) }
        choices[delta.choice].text += delta.text
        choices[delta.choice].reasoning += delta.reasoning
        choices[delta.choice].deltaCount += 1
        if firstToken == nil { firstToken = now }
        lastToken = now
        return true
    }

    private static func reason(_ word: String) -> FinishReason {
        switch word {
        case "length", "max_tokens": .length
        case "tool_calls", "function_call": .toolCalls
        default: .stop
        }
    }

    // MARK: The end

    /// The results of all choices. Throws `Violation.incomplete` when the engine did not say that they are whole.
    ///
    /// - Parameter isMarked: the engine has marked the end (`[DONE]`), after which a missing reason means `stop`.
    mutating func finish(isMarked: Bool, now: ContinuousClock.Instant) throws -> [GenerationEvent] {
        guard choices.allSatisfy({ $0.reason != nil || isMarked && $0.deltaCount > 0 }) else {
            throw Violation.incomplete
        }
        let counts = completionCounts()
        return choices.indices.map { .finished(result(of: $0, tokenCount: counts[$0], now: now)) }
    }

    private func result(of index: Int, tokenCount: Int, now: ContinuousClock.Instant) -> GenerationResult {
        let choice = choices[index]
        let promptCount = Self.tokenCount(usage?.promptTokens)
        var result = GenerationResult(
            text: choice.text, finishReason: .stop, promptTokenCount: promptCount, completionTokenCount: tokenCount,
            seed: seed)
        result.cachedPromptTokenCount = min(
            max(usage?.details?.cachedTokens ?? timings?.cachedCount ?? 0, 0), promptCount)
        result.promptDuration = Self.duration(timings?.promptMilliseconds) ?? ((firstToken ?? now) - submitted)
        result.completionDuration =
            Self.duration(timings?.predictedMilliseconds) ?? firstToken.map { (lastToken ?? $0) - $0 } ?? .zero
        result.timeToFirstToken = firstToken.map { $0 - submitted }
        result.totalDuration = now - submitted
        result.choice = index
        result.reasoning = choice.reasoning
        result.toolCalls = choice.calls
        // Ollama and others end calls with “stop”.
        let reason = choice.reason ?? .stop
        result.finishReason = reason == .stop && !choice.calls.isEmpty ? .toolCalls : reason
        result.draftedTokenCount = Self.tokenCount(timings?.draftedCount)
        result.acceptedDraftTokenCount = Self.tokenCount(timings?.acceptedCount)
        return result
    }

    /// Tokens of each choice: engines count those of all together, so they are shared out by the pieces that came.
    private func completionCounts() -> [Int] {
        let pieces = choices.map(\.deltaCount)
        guard let count = usage?.completionTokens, count >= 0 else { return pieces }
        let total = Self.tokenCount(count)
        let sum = pieces.reduce(0, +)
        guard choices.count > 1, sum > 0 else { return [total] + Array(repeating: 0, count: choices.count - 1) }
        var counts = pieces.map { total / sum * $0 + total % sum * $0 / sum }
        counts[0] += total - counts.reduce(0, +)
        return counts
    }

    /// A number of tokens as an engine tells it, within what can be.
    static func tokenCount(_ number: Int?) -> Int { min(max(number ?? 0, 0), tokenLimit) }

    private static func duration(_ milliseconds: Double?) -> Duration? {
        guard let milliseconds, (0...1e12).contains(milliseconds) else { return nil }
        return .milliseconds(milliseconds)
    }
}
