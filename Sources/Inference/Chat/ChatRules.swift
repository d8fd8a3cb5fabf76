import Foundation

/// What a conversation may hold before a template and the engine see it.
enum ChatRules {
    private static let argumentByteLimit = 4 << 20
    private static let nameByteLimit = 256
    private static let depthLimit = 64

    /// Throws `InferenceError.invalidOption` or `.invalidSchema`.
    static func check(_ chat: ChatRequest) throws {
        for tool in chat.tools {
            try check(name: tool.name, of: "tool")
            try JSONSchemaRules.checkParameters(tool.parameters, of: tool.name)
        }
        switch chat.toolChoice {
        case .auto, .none: break
        case .required where chat.tools.isEmpty:
            throw InferenceError.invalidOption(
                name: "tool choice", value: "required", rule: "auto or none where there are no tools")
        case .required: break
        case .function(let name):
            guard chat.tools.contains(where: { $0.name == name }) else {
                throw InferenceError.invalidOption(
                    name: "tool choice", value: "“\(name.prefix(80))”", rule: "the name of one of the tools")
            }
        }
        for call in chat.messages.lazy.flatMap(\.toolCalls) {
            try check(name: call.name, of: "called tool")
            try check(json: call.arguments, "arguments of a tool call")
        }
        for (name, value) in chat.templateArguments {
            try check(name: name, of: "template argument")
            try check(json: value, "template argument “\(name)”")
            guard (try? JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)) != nil else {
                throw InferenceError.invalidOption(
                    name: "template argument “\(name)”", value: "“\(value.prefix(80))”", rule: "JSON")
            }
        }
        if chat.continuesLastMessage {
            guard let last = chat.messages.last, last.role == .assistant, last.toolCalls.isEmpty else {
                throw InferenceError.invalidOption(
                    name: "the last message", value: chat.messages.last?.role.rawValue ?? "missing",
                    rule: "one by the assistant, without tool calls, to be gone on with")
            }
        }
    }

    private static func check(name: String, of what: String) throws {
        guard !name.isEmpty, name.utf8.count <= nameByteLimit else {
            throw InferenceError.invalidOption(
                name: "name of a \(what)", value: "“\(name.prefix(80))”",
                rule: "between 1 and \(nameByteLimit) bytes long")
        }
    }

    private static func check(json: String, _ what: String) throws {
        do {
            try JSONBounds.check(json, byteLimit: argumentByteLimit, depthLimit: depthLimit)
        } catch let violation as JSONBounds.Violation {
            throw InferenceError.invalidOption(
                name: what, value: "“\(json.prefix(80))”",
                rule: "JSON of at most \(argumentByteLimit) bytes and \(depthLimit) levels (\(violation.reason))")
        }
    }
}
