/// What a line of a conversation that begins with `/` means.
enum SlashCommand: Sendable, Hashable {
    case help(topic: String?)
    case set(Setting)
    case show(Subject)
    case load(String)
    case save(title: String?)
    case history(words: String?)
    case clear
    case bye

    /// What `/set` changes.
    enum Setting: Sendable, Hashable {
        case parameter(name: String, value: String)
        case system(String)
        case verbose(Bool)
        case history(Bool)
    }

    /// What `/show` shows.
    enum Subject: String, Sendable, Hashable, CaseIterable {
        case info, parameters, system, template, license
    }

    /// Reads a line.
    ///
    /// Throws `SlashCommandError` with what was meant to be there.
    init(parsing line: String) throws {
        let words = line.split(maxSplits: 2, whereSeparator: \.isWhitespace).map(String.init)
        let argument = words.count > 1 ? words[1] : nil
        switch words.first {
        case "/?", "/help": self = .help(topic: argument?.trimmingPrefix("/").description)
        case "/bye", "/exit", "/quit": self = .bye
        case "/clear": self = .clear
        case "/set": self = .set(try Self.setting(argument, rest: words.count > 2 ? words[2] : nil))
        case "/show":
            guard let argument, let subject = Subject(rawValue: argument) else {
                throw SlashCommandError.usage("/show " + Subject.allCases.map(\.rawValue).joined(separator: " | "))
            }
            self = .show(subject)
        case "/load":
            guard let argument else { throw SlashCommandError.usage("/load MODEL or /load ID") }
            self = .load(argument)
        case "/save": self = .save(title: Self.rest(of: line))
        case "/history": self = .history(words: Self.rest(of: line))
        default: throw SlashCommandError.unknown(words.first ?? line)
        }
    }

    /// What follows the first word; `nil` when nothing does.
    private static func rest(of line: String) -> String? {
        let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        return words.count > 1 ? unquoted(String(words[1])) : nil
    }

    private static func setting(_ name: String?, rest: String?) throws -> Setting {
        switch name {
        case "parameter":
            let parts = (rest ?? "").split(maxSplits: 1, whereSeparator: \.isWhitespace).map(String.init)
            guard parts.count == 2 else { throw SlashCommandError.usage("/set parameter NAME VALUE") }
            return .parameter(name: parts[0], value: unquoted(parts[1]))
        case "system": return .system(unquoted(rest ?? ""))
        case "verbose": return .verbose(true)
        case "quiet": return .verbose(false)
        case "history": return .history(true)
        case "nohistory": return .history(false)
        default:
            throw SlashCommandError.usage("/set parameter | system | verbose | quiet | history | nohistory")
        }
    }

    /// The text without quotation marks around it, one or three.
    private static func unquoted(_ text: String) -> String {
        for quotes in ["\"\"\"", "\""] where text.count >= 2 * quotes.count {
            if text.hasPrefix(quotes), text.hasSuffix(quotes) {
                return String(text.dropFirst(quotes.count).dropLast(quotes.count))
            }
        }
        return text
    }

    /// The lines of `/?` and of `/? set`, `/? show`, `/? save`, `/? shortcuts`.
    static func help(topic: String?) -> [String] {
        switch topic {
        case "set":
            [
                "/set parameter NAME VALUE   change how answers are computed",
                "/set system TEXT            instructions to the model; nothing after it removes them",
                "/set verbose                show speed, times and memory after each answer",
                "/set quiet                  do not",
                "/set history                remember lines that are typed, for the next time",
                "/set nohistory              do not, and forget those that were",
                "",
                "Parameters:",
            ] + GenerationParameter.all.map { "  " + $0.name.padded(to: 20) + $0.help }
        case "show":
            [
                "/show info         architecture, size, quantization, context length",
                "/show parameters   how answers are computed",
                "/show system       the instructions",
                "/show template     the model's chat template",
                "/show license      the model's licence",
            ]
        case "save", "history":
            [
                "/save              keep this conversation, what was said so far and what follows",
                "/save TITLE        the same, under a title; or change its title",
                "/history           the newest kept conversations",
                "/history WORDS     those in which the words are",
                "/load ID           go on with one: its ID, the beginning of it, or its number in the list",
                "",
                "Nothing is kept unless you ask. “roost history” lists, searches, exports and deletes.",
                "In Ollama /save makes a model of the session; here “roost create” makes models.",
            ]
        case "shortcuts":
            [
                "ctrl-a, ctrl-e    to the beginning or end of the line (Home, End)",
                "alt-b, alt-f      by words (ctrl-left, ctrl-right)",
                "ctrl-k, ctrl-u    cut to the end or the beginning of the line",
                "ctrl-w, alt-d     cut the word before or after the cursor",
                "ctrl-y            insert what was cut",
                "alt-return        a new line in the message",
                "ctrl-l            clear the screen",
                "ctrl-c            end the answer",
                "ctrl-d            leave (/bye)",
            ]
        default:
            [
                "/set            change parameters, instructions, output",
                "/show           show the model, its parameters, template, licence",
                "/load MODEL     go on with another model",
                "/save [TITLE]   keep this conversation",
                "/history        kept conversations; /load ID goes on with one",
                "/clear          forget the conversation so far",
                "/bye            leave",
                "/?, /help       this help; /? set, /? show, /? save and /? shortcuts tell more",
                "",
                "Use \"\"\" to begin and end a message of several lines.",
            ]
        }
    }
}

/// A `/` line that cannot be understood.
enum SlashCommandError: Error, CustomStringConvertible, Hashable {
    case unknown(String)
    case usage(String)

    var description: String {
        switch self {
        case .unknown(let word): "There is no command “\(word)”; /? lists them."
        case .usage(let usage): "Usage: \(usage)"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(1, width - count))
    }
}
