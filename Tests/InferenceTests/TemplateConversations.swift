import Foundation
import Inference

/// A conversation for all templates, and the same as a request to llama-server.
struct TemplateConversation: Sendable {
    var name: String
    var chat: ChatRequest
    var format = OutputFormat.text

    static let weather = ToolDefinition(
        name: "get_weather", description: "The weather at a place now.",
        parameters: #"""
            {"type":"object","properties":{"city":{"type":"string","description":"The town"},"unit":{"type":"string","enum":["celsius","fahrenheit"]},"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city"]}
            """#)
    static let search = ToolDefinition(
        name: "search-files", description: "Looks for files.",
        parameters: #"""
            {"type":"object","properties":{"pattern":{"type":"string"},"options":{"type":"object","properties":{"hidden":{"type":"boolean"},"depth":{"type":"number"}},"required":["hidden"]},"paths":{"type":"array","items":{"type":"string"}}},"required":["pattern","options"]}
            """#)
    static let clock = ToolDefinition(name: "now", description: "The time.")

    /// A system prompt, several turns, tools and their results, parallel calls, reasoning, and how the answer begins.
    static let all: [TemplateConversation] = [
        plain, turns, offered, called, calledTwice, thought, unthinking, forbidden, required, schema, continued, parts,
        oneFunction,
    ]

    static let plain = TemplateConversation(
        name: "system and user", chat: ChatRequest([.system("Be brief."), .user("Hi “there”\n<b>ü</b> 日本")]))

    static let turns = TemplateConversation(
        name: "several turns",
        chat: ChatRequest([
            .system("You know numbers."), .user("What is 2 + 2?"), .assistant("4."), .user("And 3 + 3?"),
            .assistant("6.\n\nAnything else?"), .user("  No, thanks. "),
        ]))

    static let offered = tools("tools", [.system("Use tools."), .user("Weather in Bern?")])
    static let called = tools("a tool's result", [.user("Weather in Bern?"), calling(1), result(0), .user("And now?")])
    static let calledTwice = tools(
        "parallel calls", [.system("Use tools."), .user("Bern, and files?"), calling(2), result(0), result(1)])

    static let thought: TemplateConversation = {
        var answer = ChatMessage.assistant("Bern.")
        answer.reasoning = "The seat of the government is Bern."
        return TemplateConversation(
            name: "reasoning before",
            chat: ChatRequest([.user("Capital of Switzerland?"), answer, .user("And its river?")]))
    }()

    static let unthinking = changed(offered, "no thinking") { $0.isThinking = false }
    static let forbidden = changed(offered, "tools not to be called") { $0.toolChoice = .none }
    static let required = changed(offered, "a tool must be called") { chat in
        chat.toolChoice = .required
        chat.allowsParallelToolCalls = false
    }
    static let oneFunction = changed(offered, "only one function, and it must be called") { chat in
        chat.tools = [search]
        chat.toolChoice = .required
    }

    static let schema: TemplateConversation = {
        var result = TemplateConversation(name: "a JSON schema", chat: plain.chat)
        result.format = .jsonSchema(
            #"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name"]}"#)
        return result
    }()

    static let continued: TemplateConversation = {
        var result = TemplateConversation(
            name: "an answer to go on with", chat: ChatRequest([.user("Count to five."), .assistant("One, two,")]))
        result.chat.continuesLastMessage = true
        return result
    }()

    static let parts = TemplateConversation(
        name: "content in parts",
        chat: ChatRequest([ChatMessage(role: .user, parts: [.text("First part."), .text("Second part.")])]))

    private static func tools(_ name: String, _ messages: [ChatMessage]) -> TemplateConversation {
        var result = TemplateConversation(name: name, chat: ChatRequest(messages))
        result.chat.tools = [weather, search, clock]
        return result
    }

    private static func changed(
        _ conversation: TemplateConversation, _ name: String, _ change: (inout ChatRequest) -> Void
    ) -> TemplateConversation {
        var result = conversation
        result.name = name
        change(&result.chat)
        return result
    }

    /// Ids of nine letters and digits, as the strictest template wants them.
    static func calling(_ count: Int) -> ChatMessage {
        var message = ChatMessage(role: .assistant, parts: [])
        message.toolCalls = Array(
            [
                ToolCall(id: "callid001", name: "get_weather", arguments: #"{"city": "Bern", "days": 2}"#),
                ToolCall(
                    id: "callid002", name: "search-files",
                    arguments: #"{"pattern": "*.swift", "options": {"hidden": true}}"#),
            ].prefix(count))
        return message
    }

    private static func result(_ index: Int) -> ChatMessage {
        var message = ChatMessage(role: .tool, content: #"{"answer": \#(index), "text": "sunny"}"#)
        message.toolCallID = "callid00\(index + 1)"
        message.name = index == 0 ? "get_weather" : "search-files"
        return message
    }
}

extension TemplateConversation {
    /// The body of a request to llama-server. Written by hand: the order of a schema's properties matters.
    func body(_ more: String = "") -> String {
        var fields = ["\"messages\":[" + chat.messages.map(Self.json).joined(separator: ",") + "]"]
        if !chat.tools.isEmpty {
            let tools = chat.tools.map { tool in
                """
                {"type":"function","function":{"name":\(Self.quoted(tool.name)),\
                "description":\(Self.quoted(tool.description)),"parameters":\(tool.parameters)}}
                """
            }
            fields.append("\"tools\":[" + tools.joined(separator: ",") + "]")
        }
        switch chat.toolChoice {
        case .auto, .function: break
        case .none: fields.append(#""tool_choice":"none""#)
        case .required: fields.append(#""tool_choice":"required""#)
        }
        if !chat.allowsParallelToolCalls { fields.append(#""parallel_tool_calls":false"#) }
        if let isThinking = chat.isThinking {
            fields.append(#""chat_template_kwargs":{"enable_thinking":\#(isThinking)}"#)
        }
        if chat.continuesLastMessage {
            fields.append(#""continue_final_message":true,"add_generation_prompt":false"#)
        }
        if case .jsonSchema(let schema) = format {
            fields.append(#""response_format":{"type":"json_schema","json_schema":{"schema":\#(schema)}}"#)
        }
        return "{" + fields.joined(separator: ",") + more + "}"
    }

    private static func json(_ message: ChatMessage) -> String {
        var fields = [#""role":"\#(message.role.rawValue)""#]
        let texts = message.parts.compactMap { part in if case .text(let text) = part { text } else { nil } }
        switch texts.count {
        case 0: fields.append(#""content":null"#)
        case 1: fields.append("\"content\":" + quoted(texts[0]))
        default:
            let parts = texts.map { #"{"type":"text","text":\#(quoted($0))}"# }
            fields.append("\"content\":[" + parts.joined(separator: ",") + "]")
        }
        if let reasoning = message.reasoning { fields.append("\"reasoning_content\":" + quoted(reasoning)) }
        if let id = message.toolCallID { fields.append("\"tool_call_id\":" + quoted(id)) }
        if let name = message.name { fields.append("\"name\":" + quoted(name)) }
        if !message.toolCalls.isEmpty {
            let calls = message.toolCalls.map { call in
                """
                {"type":"function","id":\(quoted(call.id)),\
                "function":{"name":\(quoted(call.name)),"arguments":\(quoted(call.arguments))}}
                """
            }
            fields.append("\"tool_calls\":[" + calls.joined(separator: ",") + "]")
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        // Strings always encode.
        (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
