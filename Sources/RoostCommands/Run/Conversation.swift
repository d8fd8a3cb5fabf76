import Foundation
import Roost
import Terminal

/// A conversation at a terminal: reads lines, answers, and obeys lines that begin with `/`.
struct Conversation {
    private var session: RunSession
    private let choice: ModelChoice
    private let editor: AsyncLineEditor
    /// Where lines that are typed are remembered for the next time.
    private let lines: URL
    private var multiline = MultilineInput()
    private var remembersLines = true
    /// What closes an open `"""`: a message, or the system message of `/set system """`.
    private var isSystemOpen = false

    init(session: RunSession, choice: ModelChoice) {
        self.session = session
        self.choice = choice
        lines = choice.manager.configuration.homeDirectory.appending(path: "history")
        // What is typed is what is said: it goes to the disk only when that was asked, which the file shows.
        let isKept = FileManager.default.fileExists(atPath: lines.path)
        editor = AsyncLineEditor(history: LineHistory(file: isKept ? lines : nil))
    }

    /// Talks until the person leaves.
    ///
    /// Throws what loading the first model throws; everything later is said and the conversation goes on.
    mutating func run() async throws {
        try await session.load()
        while true {
            let outcome = await editor.readLine(
                prompt: multiline.isOpen ? "... " : ">>> ",
                placeholder: multiline.isOpen ? "Use \"\"\" to end the message" : "Send a message (/? for help)")
            switch outcome {
            case .endOfInput: return
            case .interrupted:
                if multiline.isOpen {
                    multiline.cancel()
                    isSystemOpen = false
                } else {
                    session.output.print("Use ctrl-d or /bye to leave.")
                }
            case .line(let line):
                if remembersLines { editor.remember(line) }
                do {
                    guard try await take(line) else { return }
                } catch {
                    session.error.print(session.error.styled("Error:", .red) + " \(error)")
                }
            }
        }
    }

    /// Takes one line; false when the person leaves.
    private mutating func take(_ line: String) async throws -> Bool {
        if !multiline.isOpen {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if trimmed.hasPrefix("/set system \"\"\"") {
                isSystemOpen = true
                return try await take(quoted: String(trimmed.dropFirst("/set system ".count)))
            }
            if trimmed.hasPrefix("/") { return try await obey(SlashCommand(parsing: trimmed)) }
        }
        return try await take(quoted: line)
    }

    private mutating func take(quoted line: String) async throws -> Bool {
        guard let message = multiline.add(line) else { return true }
        if isSystemOpen {
            isSystemOpen = false
            setSystem(message)
        } else if !message.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty {
            _ = try await session.answer(message)
            session.output.print()
        }
        return true
    }

    private mutating func obey(_ command: SlashCommand) async throws -> Bool {
        switch command {
        case .bye: return false
        case .clear:
            session.clear()
            session.output.print("The conversation is forgotten.")
        case .help(let topic): for line in SlashCommand.help(topic: topic) { session.output.print(line) }
        case .load(let name):
            if await KeptConversation.isNamed(by: name, models: choice.manager) {
                try await goOn(with: name)
            } else {
                try await change(to: try await choice.model(for: name))
            }
        case .save(let title): try await save(title)
        case .history(let words): try await list(words)
        case .set(let setting): try set(setting)
        case .show(let subject): try await show(subject)
        }
        return true
    }

    private mutating func change(to model: RunModel) async throws {
        let preset = try await choice.manager.preset(of: model.name.description)
        session.settings = try session.settings.over(preset, base: choice.manager.configuration.load)
        session.change(to: model)
        try await session.load()
    }

    /// Goes on with a kept conversation, and with its model if that is here.
    private mutating func goOn(with name: String) async throws {
        let kept = try await KeptConversation(matching: name, in: choice.manager.history)
        do {
            let model = try await kept.model(from: choice)
            if model.name != session.model.name { try await change(to: model) }
        } catch let error as RunError {
            session.error.print("\(error)")
            session.error.print("\(session.model.name.display) goes on with it.")
        }
        session.resume(kept.conversation, kept.messages, in: kept.history)
        kept.show(on: session.output)
    }

    /// Keeps the conversation from its beginning on, or gives what is kept a title.
    private mutating func save(_ title: String?) async throws {
        if var recorder = session.recorder {
            if let title {
                try await recorder.rename(to: title)
                session.recorder = recorder
                session.output.print("It is kept as “\(title.printable)”.")
            } else if let kept = recorder.conversation {
                session.output.print("It is kept already, as “\(kept.title.printable)” (\(kept.shortID)).")
            } else {
                session.output.print("What is said from now on is kept already.")
            }
        } else {
            session.recorder = try await ConversationRecorder(choice.manager.history, title: title)
            if session.log.isEmpty { session.output.print("What is said from now on is kept.") }
            await session.keep()
        }
    }

    /// Shows the newest kept conversations, or those with some words.
    private func list(_ words: String?) async throws {
        let history = try await choice.manager.history
        let now = Date()
        if let words {
            let matches = try await history.search(words, limit: 10).matches
            if matches.isEmpty { session.output.print("No kept conversation has all of “\(words.printable)”.") }
            for match in matches {
                for line in FoundConversation(match: match, now: now).lines(on: session.output) {
                    session.output.print(line)
                }
            }
        } else {
            let items = try await history.newest(15).conversations.enumerated().map {
                ListedConversation(number: $0 + 1, conversation: $1, now: now)
            }
            try session.output.printList(items, empty: "No conversation is kept; /save keeps this one.")
        }
    }

    private mutating func set(_ setting: SlashCommand.Setting) throws {
        switch setting {
        case .parameter(let name, let value):
            try GenerationParameter.named(name).apply(value, to: &session.settings)
            session.output.print("Set \(name) to \(value).")
        case .system(let text): setSystem(text)
        case .verbose(let isOn):
            session.showsStatistics = isOn
            session.output.print(isOn ? "Statistics are shown." : "Statistics are not shown.")
        case .history(true):
            remembersLines = true
            editor.rememberLines(in: lines)
            session.output.print("Lines that you type are remembered for the next time.")
        case .history(false):
            remembersLines = false
            editor.rememberLines(in: nil)
            try? FileManager.default.removeItem(at: lines)
            session.output.print("Lines that you type are not remembered; those that were are forgotten.")
        }
    }

    private mutating func setSystem(_ text: String) {
        session.settings.system = text.isEmpty ? nil : text
        session.output.print(text.isEmpty ? "The system message is removed." : "Set the system message.")
        if !text.isEmpty, !session.isChat {
            session.output.print("This model has no chat template: the message is put before each text it continues.")
        }
    }

    private func show(_ subject: SlashCommand.Subject) async throws {
        let output = session.output
        switch subject {
        case .info: for line in Self.info(of: session.model) { output.print(line) }
        case .parameters:
            for parameter in GenerationParameter.all {
                guard let value = parameter.value(session.settings) else { continue }
                output.print(
                    parameter.name.padding(toLength: 20, withPad: " ", startingAt: 0) + value.description)
            }
        case .system:
            let system = session.settings.system ?? session.settings.modelSystem
            output.print(system?.withoutTerminalControls ?? "There is no system message.")
        case .template:
            guard let record = session.model.record else {
                output.print("The template is kept by the model's engine.")
                break
            }
            let template = try await choice.manager.store.chatTemplate(of: record.name)
            output.print(template?.withoutTerminalControls ?? "The model has no chat template.")
        case .license: output.print((session.model.record?.license ?? "The model's file states no licence.").printable)
        }
    }

    private static func info(of model: RunModel) -> [String] {
        model.facts.map { $0.name.padding(toLength: 16, withPad: " ", startingAt: 0) + $0.value.printable }
    }
}
