import Foundation
import Roost
import Terminal

/// A model, the settings it is asked with, and where answers are written.
struct RunSession {
    /// How an answer is written.
    enum Format: Sendable {
        case text, json, events
    }

    let backend: any ChatBackend
    private(set) var model: RunModel
    var settings: RunSettings
    let output: Console
    let error: Console
    var showsStatistics: Bool
    /// How fast a model can be at most; `nil` where that is unknown.
    var speedLimit: @Sendable (ModelRecord, LoadOptions) async -> SpeedExpectation? = { _, _ in nil }
    /// The conversation so far, without the system message.
    private(set) var messages: [ChatMessage] = []
    /// All that was said, as it would be kept.
    private(set) var log: [SavedMessage] = []
    /// Keeps what is said; `nil` keeps nothing.
    var recorder: ConversationRecorder?
    private let interruption = Interruption()
    private var loadDuration = Duration.zero
    private var hasSaidBaseModel = false

    init(
        backend: any ChatBackend, model: RunModel, settings: RunSettings, output: Console, error: Console,
        showsStatistics: Bool
    ) {
        self.backend = backend
        self.model = model
        self.settings = settings
        self.output = output
        self.error = error
        self.showsStatistics = showsStatistics
    }

    /// Whether the model gets messages by its template; else it continues text.
    var isChat: Bool { model.hasChatTemplate && !settings.isRaw }

    /// Forgets the conversation. When what is said is kept, what follows is kept as another conversation.
    mutating func clear() {
        messages = []
        log = []
        recorder?.beginAnew()
    }

    /// Goes on with a kept conversation: what was said, its instructions, and its place in the history.
    mutating func resume(_ conversation: SavedConversation, _ messages: [SavedMessage], in history: ChatHistory) {
        log = messages
        self.messages = messages.filter { $0.role != .system && !$0.saysNothing }.map { ChatMessage($0) }
        let system = messages.last { $0.role == .system }?.content ?? ""
        settings.system = system.isEmpty ? nil : system
        recorder = ConversationRecorder(history, continuing: conversation)
    }

    /// Keeps what was said so far, if something is kept at all, and says what became of it. What cannot be kept now is
    /// tried again with the next turn.
    mutating func keep() async {
        guard var recorder else { return }
        do {
            let step = try await recorder.keep(log, model: model.name.description)
            if let message = step.message { say(message) }
            self.recorder = recorder
        } catch let failure as ChatHistoryError {
            if case .notFound = failure {
                self.recorder = nil
                say("The kept conversation was deleted meanwhile; what is said is not kept. /save keeps it again.")
            } else {
                error.print(error.styled("Not kept:", .yellow) + " \(failure)")
            }
        } catch {
            self.error.print(self.error.styled("Not kept:", .yellow) + " \(error)")
        }
    }

    private func say(_ message: String) { error.print(error.styled(message, .dim)) }

    /// Goes on with another model, from the beginning.
    mutating func change(to model: RunModel) {
        self.model = model
        clear()
        hasSaidBaseModel = false
    }

    /// Brings the model into memory and shows how far it is.
    ///
    /// Throws what loading throws.
    mutating func load() async throws {
        // An engine loads its models itself.
        guard model.record != nil else { return }
        let bar = error.isTerminal ? ProgressBar("Loading \(model.name.display)", unit: .fraction, console: error) : nil
        defer { bar?.finish() }
        let started = ContinuousClock.now
        try await backend.load(model, settings: settings) { fraction in
            bar?.update(completed: Int64(fraction * 1000), total: 1000)
        }
        loadDuration = ContinuousClock.now - started
        bar?.finish()
        for step in await backend.retreats(of: model) {
            error.print(error.styled(step.message.printable, step.changesQuality ? .yellow : .dim))
        }
    }

    /// Answers `text` and writes the answer; in a chat both become part of the conversation. False when ctrl-C ended
    /// it.
    ///
    /// Throws what generating throws; the conversation is then as before.
    mutating func answer(_ text: String, format: Format = .text) async throws -> Bool {
        sayBaseModel()
        let stream = backend.answer(input(for: text), by: model, settings: settings)
        var writer = AnswerWriter(
            output: format == .text ? output : nil, error: error, interruption: interruption)
        if format == .events { writer.onEvent = Self.printingLines(to: output) }
        switch try await writer.write(stream) {
        case .interrupted(let partial):
            remember(text, partial, isInterrupted: true)
            if format == .text { output.print() }
            await keep()
            return false
        case .finished(let answer):
            remember(text, answer.text)
            let report = RunReport(
                model: model, answer: answer, loadDuration: loadDuration, memory: await backend.memory(of: model),
                limit: showsStatistics || format != .text ? await limit() : nil)
            loadDuration = .zero
            try write(report, format)
            await keep()
            return true
        }
    }

    private func limit() async -> SpeedExpectation? {
        guard let record = model.record else { return nil }
        return await speedLimit(record, settings.load)
    }

    private func input(for text: String) -> RunInput {
        if settings.isRaw { return .text(text) }
        let system = settings.system.map { [ChatMessage.system($0)] } ?? []
        // A base model continues each text by itself, with the instructions before it. To a chat the model's own are added
        // where it is computed.
        guard isChat else {
            let own = settings.modelSystem.map { [ChatMessage.system($0)] } ?? []
            return .text(((settings.system == nil ? own : system) + [.user(text)]).plainText)
        }
        return .conversation(system + messages + [.user(text)])
    }

    private mutating func remember(_ text: String, _ answer: String, isInterrupted: Bool = false) {
        log(text, answer, isInterrupted: isInterrupted)
        guard isChat else { return }
        messages.append(.user(text))
        if !answer.isEmpty { messages.append(.assistant(answer)) }
    }

    private mutating func log(_ text: String, _ answer: String, isInterrupted: Bool) {
        let system = settings.isRaw ? "" : settings.system ?? ""
        if system != log.last(where: { $0.role == .system })?.content ?? "" {
            log.append(SavedMessage(role: .system, content: system).now)
        }
        log.append(SavedMessage(role: .user, content: text).now)
        var said = SavedMessage(role: .assistant, content: answer).now
        said.model = model.name.description
        said.isInterrupted = isInterrupted
        log.append(said)
    }

    private func write(_ report: RunReport, _ format: Format) throws {
        switch format {
        case .text:
            if !report.text.hasSuffix("\n") { output.print() }
            if showsStatistics {
                error.print()
                for line in report.lines { error.print(error.styled(line, .dim)) }
            }
        case .json: try output.printJSON(report)
        case .events: try output.printJSONLine(RunEventLine(type: "result", result: report))
        }
    }

    private mutating func sayBaseModel() {
        guard !model.hasChatTemplate, !settings.isRaw, !hasSaidBaseModel else { return }
        hasSaidBaseModel = true
        error.print(
            error.styled(
                "\(model.name.display) is a base model (it has no chat template): it continues the text instead of "
                    + "answering it.", .dim))
    }

    private static func printingLines(to console: Console) -> @Sendable (RunEvent) -> Void {
        { event in
            let line: RunEventLine? =
                switch event {
                case .promptProgress(let processed, let total):
                    RunEventLine(type: "prompt", processed: processed, total: total)
                case .text(let text): RunEventLine(type: "text", text: text)
                case .finished: nil
                }
            // Strings and numbers always have a JSON form.
            if let line { try? console.printJSONLine(line) }
        }
    }
}

extension SavedMessage {
    /// The same, said now.
    fileprivate var now: SavedMessage {
        var message = self
        message.createdAt = Date()
        return message
    }

    /// Whether it is an answer that was ended before it began.
    fileprivate var saysNothing: Bool { role == .assistant && content.isEmpty && toolCalls.isEmpty }
}

/// One line of `--events`: `{"type":"prompt",…}` while the prompt is read, `{"type":"text","text":…}` as text comes, at
/// the end `{"type":"result","result":{…}}`.
private struct RunEventLine: Encodable {
    var type: String
    var text: String?
    var processed: Int?
    var total: Int?
    var result: RunReport?
}
