import ModelFixtures
import Roost
import Testing

@Suite("Modelfiles")
struct ModelfileTests {
    private func reason(_ text: String) throws -> (line: Int, reason: String) {
        let error = #expect(throws: ModelCreationError.self) { try Modelfile(parsing: text) }
        guard case .invalidModelfile(let line, let reason) = error else { throw try #require(error) }
        return (line, reason)
    }

    @Test("Instructions are read in any letter case, with comments, quotes and texts of several lines")
    func reading() throws {
        let text = """
            # A comment
              # another one
            from llama3.2:1b
            PARAMETER temperature 0.3
            Parameter stop "AI: "
            PARAMETER stop \"""Human:\"""

            SYSTEM \"""
            You are "brief".
              # not a comment
            \"""
            TEMPLATE "{% for m in messages %}
            {{ m.content }}{% endfor %}"
            MESSAGE user Is this it?
            message ASSISTANT "Yes,
            it is."
            LICENSE MIT
            ADAPTER ./style.gguf
            """
        #expect(
            try Modelfile(parsing: text).instructions == [
                .from("llama3.2:1b"), .parameter(name: "temperature", value: "0.3"),
                .parameter(name: "stop", value: "AI: "), .parameter(name: "stop", value: "Human:"),
                .system("\nYou are \"brief\".\n  # not a comment\n"),
                .template("{% for m in messages %}\n{{ m.content }}{% endfor %}"),
                .message(role: .user, content: "Is this it?"), .message(role: .assistant, content: "Yes,\nit is."),
                .license("MIT"), .adapter("./style.gguf"),
            ])
        // The line ends of Windows and its mark of UTF-8 change nothing.
        let windows = "\u{FEFF}" + text.replacing("\n", with: "\r\n")
        #expect(try Modelfile(parsing: windows) == Modelfile(parsing: text))
    }

    @Test(
        "What is wrong is said with its line and what is expected",
        arguments: [
            ("", 1, "FROM is missing"), ("# nothing\n\n", 3, "FROM is missing"),
            ("FROM a\nPARAMETR x 1", 2, "“PARAMETR” is no instruction; a line begins with FROM, PARAMETER"),
            ("\nFROM", 2, "FROM needs a model's name"),
            ("FROM a\nPARAMETER top_k", 2, "PARAMETER needs a name and a value"),
            ("FROM a\nPARAMETER", 2, "PARAMETER needs a name and a value"),
            ("FROM a\nADAPTER", 2, "ADAPTER needs the path"),
            ("FROM a\nMESSAGE judge b", 2, "but has “judge”"), ("FROM a\nMESSAGE tool b", 2, "but has “tool”"),
            ("FROM a\nSYSTEM \"\"\"\nnever\nclosed", 2, "never closed"), ("FROM a\nSYSTEM \"", 2, "never closed"),
            ("FROM a\nSYSTEM \"x\" y", 2, "something follows the closing"),
            ("FROM a\nRENDERER gemma4", 2, "RENDERER names a part of Ollama's own program"),
        ])
    func refusals(text: String, line: Int, words: String) throws {
        let found = try reason(text)
        #expect(found.line == line)
        #expect(found.reason.contains(words), "\(found.reason)")
    }

    @Test("What is written reads back as it was, for hundreds of recipes of hostile texts")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let recipe = Self.recipe(&random)
            #expect(try Modelfile(parsing: recipe.text) == recipe, "\(recipe.text)")
        }
    }

    @Test("A text that the format cannot hold is written so that it can be read")
    func unwritable() throws {
        let recipe = Modelfile([.from("a"), .system("\"\"\"\nfunction's text\n\"\"\"  \nend")])
        let read = try Modelfile(parsing: recipe.text)
        #expect(read.instructions == [.from("a"), .system("\"\"\".\nfunction's text\n\"\"\"  .\nend")])
    }

    @Test("No text brings the reader down, and what it reads it writes again")
    func fuzz() throws {
        var random = SeededGenerator(seed: 11)
        let pieces = [
            "FROM ", "SYSTEM ", "PARAMETER ", "MESSAGE user ", "TEMPLATE", "\"", "\"\"\"", "\n", "\r\n", " ", "\t", "#",
            "x",
            "é", "e\u{301}", "\u{0600}", "👩‍👩‍👧", "\0", "stop", "0.5", "{{ .Prompt }}", "\u{FEFF}", "\r",
        ]
        var readCount = 0
        for _ in 0..<1500 {
            let count = Int.random(in: 0...30, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            guard let recipe = try? Modelfile(parsing: "FROM a\n" + text) else { continue }
            readCount += 1
            // A bare carriage return at the end of a line in a text is taken for a part of the line's end.
            guard !recipe.text.utf8.contains(UInt8(ascii: "\r")) else { continue }
            #expect(try Modelfile(parsing: recipe.text) == recipe, "\(text.debugDescription)")
        }
        #expect(readCount > 50)
    }

    @Test("A recipe's own parameters must be known and of their kind")
    func parameters() throws {
        func creation(_ line: String) throws -> ModelCreation {
            try ModelCreation(name: "new", modelfile: Modelfile(parsing: "FROM a\n\(line)"), folder: nil)
        }
        let made = try creation("PARAMETER stop a\nPARAMETER stop b\nPARAMETER num_ctx 4096\nPARAMETER temperature 1")
        #expect(made.parameters["stop"] == .texts(["a", "b"]))
        #expect(made.parameters["num_ctx"] == .integer(4096))
        #expect(made.base == .model("a"))
        // What Ollama itself skips is taken, and yes and no in all forms of its.
        let old = try creation("PARAMETER penalize_newline false\nPARAMETER f16_kv T\nPARAMETER use_mmap 0")
        #expect(old.parameters["use_mmap"] == .flag(false))
        for (line, error) in [
            ("PARAMETER heat 1", ModelCreationError.unknownParameter(name: "heat")),
            (
                "PARAMETER top_k many",
                .invalidParameter(name: "top_k", value: "many", kind: "a whole number")
            ), ("TEMPLATE {{ .Prompt }}", .goTemplate), ("TEMPLATE plain", .notATemplate),
            ("FROM b", .severalBases(["a", "b"])), ("ADAPTER ./x.gguf", .missingFile(path: "./x.gguf")),
        ] {
            #expect(throws: error) { try creation(line) }
        }
        #expect(throws: InferenceError.self) { try creation("PARAMETER top_p 7") }
    }

    private static func recipe(_ random: inout SeededGenerator) -> Modelfile {
        let letters = ["a", "B", " ", "\t", "\n", "\"", "#", "é", "e\u{301}", "\u{0600}", "{{", "%}", "👩‍👩‍👧", "\u{200B}"]
        func text(_ random: inout SeededGenerator, isEmpty: Bool = true) -> String {
            let count = Int.random(in: (isEmpty ? 0 : 1)...12, using: &random)
            let text = (0..<count).map { _ in letters.randomElement(using: &random) ?? "" }.joined()
            // The one form that cannot be held: see `unwritable`.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let isHeld = !lines.dropLast().contains { $0.replacing(/[ \t]+$/, with: "").hasSuffix("\"\"\"") }
            return isHeld && (isEmpty || !text.isEmpty) ? text : "x"
        }
        let roles: [ChatMessage.Role] = [.system, .user, .assistant]
        let count = Int.random(in: 0...8, using: &random)
        return Modelfile(
            [.from(text(&random, isEmpty: false))]
                + (0..<count).map { _ -> Modelfile.Instruction in
                    switch Int.random(in: 0...5, using: &random) {
                    case 0: .parameter(name: "stop", value: text(&random, isEmpty: false))
                    case 1: .template(text(&random))
                    case 2: .system(text(&random))
                    case 3: .message(role: roles.randomElement(using: &random) ?? .user, content: text(&random))
                    case 4: .license(text(&random))
                    default: .adapter(text(&random, isEmpty: false))
                    }
                })
    }
}
