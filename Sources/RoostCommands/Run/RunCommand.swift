import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost run`: one answer, or a conversation.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Talk to a model, or have it answer one prompt.",
        discussion: """
            Without a prompt, on a terminal, a conversation begins; /? shows what it understands.

              roost run gemma3                              a conversation
              roost run gemma3 "Why is the sky blue?"       one answer
              roost run gemma3 "Summarize:" < notes.txt     the argument, then the text
              roost run ./model.gguf                        a file, which is imported
              roost run "" "Hello"                          the active model
              roost run gemma3 --save                       a conversation that is kept
              roost run --continue                          go on with the one that was kept last

            A running server (“roost serve”) answers if there is one; else the model is loaded for this run. A model \
            without a chat template (a base model) continues the text instead of answering it.
            """)

    @Argument(
        help: "A model's name or a .gguf file; the active model when left out or empty.",
        completion: .shellCommand("roost list --quiet"))
    var model: String?

    @Argument(help: "What to ask. Text piped in is added to it.")
    var prompt: [String] = []

    @OptionGroup(title: "Sampling")
    var sampling: SamplingFlags

    @Option(parsing: .unconditional, help: "Instructions to the model, before the conversation.")
    var system: String?

    @Flag(help: "Continue the prompt as it is, without the model's chat template.")
    var raw = false

    @Option(
        name: [.customLong("keepalive"), .customLong("keep-alive")], parsing: .unconditional,
        help: "How long the server keeps the model in memory afterwards: 5m, 1h30m, seconds; 0 not, -1 forever.")
    var keepAlive: String?

    @Flag(help: "Keep the conversation; “roost history” shows what is kept.")
    var save = false

    @Option(parsing: .unconditional, help: "Keep the conversation under this title.")
    var title: String?

    @Option(
        name: .customLong("continue"), defaultAsFlag: "1", parsing: .next,
        help: ArgumentHelp(
            "Go on with a kept conversation: its ID, or its number in “roost history”; without one, the newest.",
            valueName: "id"),
        completion: ConversationArgument.completion)
    var continued: String?

    @Flag(name: [.customLong("stats"), .customLong("verbose")], help: "Show speed, times and memory after an answer.")
    var showsStatistics = false

    @Flag(help: "Print one JSON object with the answer and its statistics.")
    var json = false

    @Flag(help: "Print each event as a line of JSON, as it comes.")
    var events = false

    @Flag(help: "Load the model in this process, even when a server runs.")
    var local = false

    @Flag(help: "Run the model also where it cannot be shut in a sandbox.")
    var allowUnsandboxed = false

    func validate() throws {
        if json && events { throw ValidationError("Choose one of --json and --events.") }
        if continued != nil && title != nil {
            throw ValidationError("--title is for a new conversation; “roost history rename” changes one that is kept.")
        }
    }

    func run() async throws {
        let configuration = try RoostConfiguration.forCommands(allowsUnsandboxed: allowUnsandboxed)
        var settings = try sampling.settings(base: configuration.load)
        settings.system = system
        settings.isRaw = raw
        if let keepAlive {
            guard let value = KeepAlive(keepAlive) else {
                throw ValidationError("--keepalive is “\(keepAlive)”, but must be a duration such as 5m, 300, 0 or -1.")
            }
            settings.keepAlive = value
        }
        let text = try await promptText()

        let manager = try await ModelManager(configuration: configuration)
        let choice = ModelChoice(manager: manager, error: .error)
        let named = model.flatMap { $0.isEmpty ? nil : $0 }
        var kept: KeptConversation?
        if let continued { kept = try await KeptConversation(matching: continued, in: manager.history) }
        let chosen =
            if named == nil, let kept {
                try await kept.model(from: choice)
            } else {
                try await choice.model(for: named)
            }
        settings = try settings.over(await manager.preset(of: chosen.name.description), base: configuration.load)
        let backend: any ChatBackend =
            if !local, let client = await ServerClient.running(home: manager.configuration.homeDirectory) {
                RemoteBackend(client: client)
            } else {
                LocalBackend(manager: manager)
            }
        var session = RunSession(
            backend: backend, model: chosen, settings: settings, output: .output, error: .error,
            showsStatistics: showsStatistics)
        session.speedLimit = { await manager.speedLimit(of: $0, options: $1) }
        if let kept {
            session.resume(kept.conversation, kept.messages, in: kept.history)
            if let system { session.settings.system = system }
        } else if save || title != nil {
            session.recorder = try await ConversationRecorder(manager.history, title: title)
        }
        do {
            if let text {
                try await answer(text, in: &session)
            } else if json || events {
                throw RunError.noPromptForJSON
            } else {
                kept?.show(on: .output)
                var conversation = Conversation(session: session, choice: choice)
                try await conversation.run()
            }
        } catch {
            await backend.close()
            throw error
        }
        await backend.close()
    }

    /// The prompt of the arguments and of what is piped in; `nil` when a person is to be asked.
    private func promptText() async throws -> String? {
        let argument = prompt.joined(separator: " ")
        if Console.inputIsTerminal { return prompt.isEmpty ? nil : argument }
        let piped = try await StandardInput.readAll()
        if argument.isEmpty { return piped }
        return piped.isEmpty ? argument : argument + "\n" + piped
    }

    private func answer(_ text: String, in session: inout RunSession) async throws {
        try await session.load()
        // As with Ollama, no prompt only brings the model into memory.
        guard !text.isEmpty else { return }
        let format: RunSession.Format = json ? .json : events ? .events : .text
        guard try await session.answer(text, format: format) else { throw CancellationError() }
    }
}
