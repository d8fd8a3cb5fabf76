import Foundation
import Roost

/// Makes a response of what a model generates, with the events that tell of it: a value apart from any connection.
///
/// Items are written one after the other: what is thought, what is said, each call.
struct ResponseWriter: Sendable {
    private(set) var response: ResponseObject
    private var sequenceNumber = 0
    /// The item that is being written, always the last one of the output.
    private var isWriting = false
    /// Which call of the answer that is, if it is one.
    private var call: Int?

    init(_ response: ResponseObject) { self.response = response }

    /// The beginning.
    mutating func begin() -> [ResponseEvent] {
        [event(.response("created", response)), event(.response("in_progress", response))]
    }

    /// More of the answer.
    mutating func take(_ delta: GenerationDelta) -> [ResponseEvent] {
        var events: [ResponseEvent] = []
        if !delta.reasoning.isEmpty { events += think(delta.reasoning) }
        if !delta.text.isEmpty { events += say(delta.text, delta.logProbabilities) }
        for more in delta.toolCalls { events += call(more) }
        return events
    }

    /// The end.
    mutating func finish(_ result: GenerationResult) -> [ResponseEvent] {
        let isWhole = result.finishReason != .length
        var events = endItem(isWhole ? .completed : .incomplete)
        response.status = isWhole ? .completed : .incomplete
        if isWhole { response.completedAt = Int(Date.now.timeIntervalSince1970) }
        response.usage = ResponseObject.Usage(result)
        events.append(event(.response(response.status.rawValue, response)))
        return events
    }

    /// The end of a generation that did not succeed.
    mutating func fail(_ error: APIError) -> [ResponseEvent] {
        var events = endItem(.incomplete)
        response.status = .failed
        response.error = ResponseObject.Failure(code: "server_error", message: error.message)
        events.append(event(.response("failed", response)))
        return events
    }

    // MARK: Items

    private mutating func think(_ more: String) -> [ResponseEvent] {
        var events: [ResponseEvent] = []
        if case .reasoning? = current { /* goes on */
        } else {
            events += endItem(.completed)
            events += begin(ResponseItem(id: WireIdentifier.make("rs_"), content: .reasoning("")), part: .reasoning(""))
        }
        guard case .reasoning(let text)? = current else { return events }
        response.output[response.output.count - 1].content = .reasoning(text + more)
        return events + [event(.reasoningDelta(more))]
    }

    private mutating func say(_ more: String, _ logProbabilities: [TokenLogProbability]) -> [ResponseEvent] {
        var events: [ResponseEvent] = []
        if case .message? = current { /* goes on */
        } else {
            let part = ResponseItem.Part.outputText("", logProbabilities: [])
            events += endItem(.completed)
            events += begin(
                ResponseItem(id: WireIdentifier.make("msg_"), content: .message(role: "assistant", parts: [])),
                part: part)
        }
        guard case .message(let role, let parts)? = current else { return events }
        var (text, known) = ("", [TokenLogProbability]())
        if case .outputText(let before, let logProbabilities)? = parts.first {
            (text, known) = (before, logProbabilities)
        }
        response.output[response.output.count - 1].content = .message(
            role: role, parts: [.outputText(text + more, logProbabilities: known + logProbabilities)])
        return events + [event(.textDelta(more, logProbabilities))]
    }

    private mutating func call(_ more: ToolCallDelta) -> [ResponseEvent] {
        var events: [ResponseEvent] = []
        if call != more.index || !isWriting {
            events += endItem(.completed)
            let content = ResponseItem.Content.functionCall(
                callID: more.id ?? WireIdentifier.make("call_"), name: more.name ?? "", arguments: "")
            events += begin(ResponseItem(id: WireIdentifier.make("fc_"), content: content), part: nil)
            call = more.index
        }
        guard !more.arguments.isEmpty, case .functionCall(let callID, let name, let arguments)? = current else {
            return events
        }
        response.output[response.output.count - 1].content = .functionCall(
            callID: callID, name: name, arguments: arguments + more.arguments)
        return events + [event(.argumentsDelta(more.arguments))]
    }

    /// What the item that is being written holds so far.
    private var current: ResponseItem.Content? { isWriting ? response.output.last?.content : nil }

    private mutating func begin(_ item: ResponseItem, part: ResponseItem.Part?) -> [ResponseEvent] {
        var item = item
        item.status = .inProgress
        response.output.append(item)
        isWriting = true
        call = nil
        var events = [event(.itemAdded(item))]
        if let part { events.append(event(.partAdded(part))) }
        return events
    }

    private mutating func endItem(_ status: ResponseItem.Status) -> [ResponseEvent] {
        guard isWriting, var item = response.output.last else { return [] }
        item.status = status
        response.output[response.output.count - 1] = item
        var events: [ResponseEvent] = []
        switch item.content {
        case .reasoning(let text):
            events.append(event(.reasoningDone(text)))
            events.append(event(.partDone(.reasoning(text))))
        case .message(_, let parts):
            let part = parts.first ?? .outputText("", logProbabilities: [])
            if case .outputText(let text, let logProbabilities) = part {
                events.append(event(.textDone(text, logProbabilities)))
            }
            events.append(event(.partDone(part)))
        case .functionCall(_, let name, let arguments):
            events.append(event(.argumentsDone(name: name, arguments: arguments)))
        case .functionCallOutput: break
        }
        events.append(event(.itemDone(item)))
        isWriting = false
        call = nil
        return events
    }

    private mutating func event(_ kind: ResponseEvent.Kind) -> ResponseEvent {
        defer { sequenceNumber += 1 }
        return ResponseEvent(
            kind: kind, sequenceNumber: sequenceNumber, outputIndex: max(0, response.output.count - 1),
            itemID: response.output.last?.id ?? "")
    }
}

extension ResponseWriter {
    /// The whole response of an answer that did not come in pieces.
    static func whole(_ answer: CollectedAnswer, of response: ResponseObject) -> ResponseObject {
        var writer = ResponseWriter(response)
        _ = writer.take(GenerationDelta(reasoning: answer.result.reasoning))
        _ = writer.take(GenerationDelta(text: answer.result.text, logProbabilities: answer.textLogProbabilities))
        _ = writer.take(
            GenerationDelta(
                toolCalls: answer.result.toolCalls.enumerated().map { index, call in
                    ToolCallDelta(index: index, id: call.id, name: call.name, arguments: call.arguments)
                }))
        _ = writer.finish(answer.result)
        return writer.response
    }
}

extension CollectedAnswer {
    /// Those of the text: what was thought comes before it, calls come after it.
    fileprivate var textLogProbabilities: [TokenLogProbability] {
        let said = logProbabilities.dropFirst(result.reasoningTokenCount)
        guard !result.toolCalls.isEmpty else { return Array(said) }
        var byteCount = 0
        return said.prefix { token in
            defer { byteCount += token.chosen.bytes.count }
            return byteCount < result.text.utf8.count
        }.map(\.self)
    }
}
