import EngineFixtures
import Foundation
import ModelFixtures
import Testing

@testable import Inference

@Suite("Hostile schemas, grammars and templates are refused")
struct StructuredOutputBoundsTests {
    static let schemas: [(name: String, schema: String)] = [
        ("100 000 arrays deep", String(repeating: #"{"items":"#, count: 100_000)),
        ("more than 256 KiB", #"{"enum":[""# + String(repeating: "a", count: 300_000) + #""]}"#),
        ("no JSON", "{"), ("no schema", "7"), ("unknown type", #"{"type":"thing"}"#),
        ("a type that is no text", #"{"type":{"a":1}}"#),
        ("another document", ##"{"$ref":"https://example.com/schema.json"}"##),
        ("a file", ##"{"$ref":"file:///etc/passwd"}"##), ("itself", ##"{"$ref":"#"}"##),
        ("a reference to nothing", ##"{"$ref":"#/$defs/a"}"##),
        (
            "references in a circle",
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##
        ),
        (
            "a circle of alternatives",
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}}}"##
        ),
        ("a long name", #"{"properties":{""# + String(repeating: "!", count: 100_000) + #"":{}}}"#),
        (
            "many optional properties",
            "{\"properties\":{" + (0..<5000).map { "\"p\($0)\":{}" }.joined(separator: ",") + "}}"
        ),
        ("two billion items", #"{"type":"array","minItems":2000000000}"#),
        ("a negative length", #"{"type":"string","minLength":-1}"#),
        ("no integer between", #"{"type":"integer","minimum":5,"maximum":4}"#),
        ("bounds beyond numbers", #"{"type":"integer","minimum":1e300}"#),
        ("a pattern with a look ahead", #"{"type":"string","pattern":"^(?=a)b$"}"#),
        ("a pattern with a back reference", #"{"type":"string","pattern":"^(a)\\1$"}"#),
        ("a pattern with a billion repetitions", #"{"type":"string","pattern":"^a{1000000000}$"}"#),
        (
            "a pattern 10 000 groups deep",
            #"{"type":"string","pattern":""# + String(repeating: "(", count: 900) + "a"
                + String(repeating: ")", count: 900) + #""}"#
        ),
        ("a pattern that does not close", #"{"type":"string","pattern":"^(a$"}"#),
        ("a pattern that is long", #"{"type":"string","pattern":""# + String(repeating: "a?", count: 50_000) + #""}"#),
        ("what a grammar cannot hold", #"{"not":{"type":"string"}}"#),
    ]

    @Test("A schema is an error and never a crash", arguments: schemas.indices)
    func schema(index: Int) throws {
        let (name, schema) = Self.schemas[index]
        #expect(throws: InferenceError.self, "\(name)") { try JSONSchemaRules.prepared(schema) }
        do {
            _ = try JSONSchemaRules.prepared(schema)
        } catch InferenceError.invalidSchema(let reason) {
            #expect(reason.utf8.count < 1000)
        }
    }

    static let grammars: [(name: String, grammar: String)] = [
        ("100 000 groups deep", "root ::= " + String(repeating: "(", count: 100_000)),
        (
            "100 000 closed groups deep",
            "root ::= " + String(repeating: "(", count: 100_000) + "\"a\"" + String(repeating: ")", count: 100_000)
        ),
        (
            "a chain of 10 000 rules",
            "root ::= r0\n" + (0..<10_000).map { "r\($0) ::= r\($0 + 1)\n" }.joined() + "r10000 ::= \"a\""
        ),
        (
            "a trillion ways to begin",
            "root ::= r0\n" + (0..<40).map { "r\($0) ::= r\($0 + 1) \"x\" | r\($0 + 1) \"y\"\n" }.joined()
                + "r40 ::= \"a\""
        ),
        ("a rule that begins with itself", "root ::= root \"a\" | \"b\""),
        ("rules that begin with each other", "root ::= a\na ::= b? a\nb ::= \"x\""),
        ("no root", "a ::= \"b\""), ("a rule that is not there", "root ::= a"), ("nothing", ""),
        ("an open literal", "root ::= \"abc"), ("an open class", "root ::= [abc"),
        ("no repetition", "root ::= * \"a\""),
        ("more than 256 KiB", "root ::= \"" + String(repeating: "a", count: 300_000) + "\""),
    ]

    @Test("A grammar is an error and never a crash", arguments: grammars.indices)
    func grammar(index: Int) {
        let (name, grammar) = Self.grammars[index]
        #expect(throws: InferenceError.self, "\(name)") { try GrammarBounds.check(grammar) }
    }

    @Test("Grammars in use pass")
    func goodGrammars() throws {
        try GrammarBounds.check(JSONGrammar.object)
        try GrammarBounds.check(
            "# a comment\nroot ::= (\"a\" | [^\\]\"] | .)* # one more\n  | other{2,5}\nother ::= <a> | !<b>")
    }

    static let templates: [(name: String, template: String)] = [
        ("counts to a billion", "{% for i in range(1000000000) %}a{% endfor %}"),
        ("counts to a billion, written oddly", "{% for i in range ( 0, 1_000_000_000 ) %}a{% endfor %}"),
        ("100 000 parentheses deep", "{{ " + String(repeating: "(", count: 100_000) + "}}"),
        ("10 000 loops deep", String(repeating: "{% for i in messages %}", count: 10_000)),
        ("a chain of 100 000 sums", "{{ 1" + String(repeating: "+1", count: 100_000) + " }}"),
        ("10 000 branches", "{% if a %}" + String(repeating: "{% elif b %}", count: 10_000) + "{% endif %}"),
        ("more than 256 KiB", String(repeating: "a", count: 300_000)),
        ("does not parse", "{% if %}"),
    ]

    @Test("A template is an error and never a crash", arguments: templates.indices)
    func template(index: Int) async throws {
        let (name, template) = Self.templates[index]
        let file = try TinyModelFile(.llama())
        #expect(throws: InferenceError.self, "\(name)") {
            let templates = try Self.cache(file, template)
            _ = try templates.prompt(for: ChatRequest([.user("Hi")]))
        }
    }

    @Test("A template that takes too long ends the request, and so do others until it is done")
    func slowTemplate() throws {
        let file = try TinyModelFile(.llama())
        let loops = "{% for i in range(400) %}{% for j in range(400) %}{% endfor %}{% endfor %}"
        let templates = try Self.cache(file, loops + "{{ messages[0].content }}", timeLimit: .milliseconds(20))
        func isRefused() throws -> Bool {
            do {
                _ = try templates.prompt(for: ChatRequest([.user("Hi")]))
                return false
            } catch is InferenceError {
                return true
            }
        }
        // A thread that wakes after the text is there, however late, takes it.
        for _ in 0..<20 {
            if try isRefused(), try isRefused() { return }
        }
        Issue.record("no two requests in a row were refused")
    }

    @Test("Names, choices and arguments of tools are checked")
    func tools() {
        var chat = ChatRequest([.user("Hi")])
        chat.toolChoice = .required
        #expect(throws: InferenceError.self) { try ChatRules.check(chat) }
        chat.tools = [ToolDefinition(name: "f")]
        #expect(throws: Never.self) { try ChatRules.check(chat) }
        chat.toolChoice = .function("g")
        #expect(throws: InferenceError.self) { try ChatRules.check(chat) }
        chat.toolChoice = .auto
        chat.tools = [ToolDefinition(name: "f", parameters: String(repeating: "[", count: 100_000))]
        #expect(throws: InferenceError.self) { try ChatRules.check(chat) }
        chat.tools = []
        chat.templateArguments = ["a": "{"]
        #expect(throws: InferenceError.self) { try ChatRules.check(chat) }
        chat.templateArguments = [:]
        chat.continuesLastMessage = true
        #expect(throws: InferenceError.self) { try ChatRules.check(chat) }
    }

    private static func cache(
        _ file: TinyModelFile, _ template: String, timeLimit: Duration = TemplateCache.defaultTimeLimit
    ) throws -> TemplateCache {
        let loader = ModelLoader(
            files: ModelFileSet(file.url), options: LoadOptions(), vocabularyOnly: true, progress: nil,
            isCancelled: CancellationFlag())
        return TemplateCache(model: try loader.load(), name: "tiny", own: template, timeLimit: timeLimit)
    }
}
