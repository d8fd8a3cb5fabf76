/// A conversation and how the model's template is to write it.
public struct ChatRequest: Sendable, Hashable, Codable {
    /// What the model does with its tools.
    public enum ToolChoice: Sendable, Hashable, Codable {
        /// Calls one when it wants to.
        case auto
        /// Calls none.
        case none
        /// Calls at least one.
        case required
        /// Calls this one.
        case function(String)
    }

    /// What has been said, oldest first.
    public var messages: [ChatMessage]
    /// The functions that the model may call.
    public var tools: [ToolDefinition] = []
    /// Whether it calls them. Default ``ToolChoice/auto``.
    public var toolChoice = ToolChoice.auto
    /// Lets the model call several functions in one answer, where its template can. Default true.
    public var allowsParallelToolCalls = true
    /// Whether a model that can think before it answers does so; `nil` is the template's default.
    public var isThinking: Bool?
    /// Takes what the model thinks out of the answer and gives it apart. Default true.
    public var separatesReasoning = true
    /// Goes on with the last message, by the assistant, instead of beginning a new one. Default false.
    public var continuesLastMessage = false
    /// Further variables of the template: names and values as JSON text.
    public var templateArguments: [String: String] = [:]

    /// A conversation, with the defaults above.
    public init(_ messages: [ChatMessage]) { self.messages = messages }
}

/// A function that a model may call, as OpenAI's API describes it.
public struct ToolDefinition: Sendable, Hashable, Codable {
    /// What the model calls it by.
    public var name: String
    /// What it does, for the model to read.
    public var description: String
    /// JSON schema of its arguments, as JSON text; an object.
    public var parameters: String

    /// A function; without `parameters` it takes none.
    public init(name: String, description: String = "", parameters: String = #"{"type":"object","properties":{}}"#) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}

/// A call of a function by the model.
public struct ToolCall: Sendable, Hashable, Codable {
    /// Tells calls apart; a result names it.
    public var id: String
    /// The function.
    public var name: String
    /// The arguments as JSON text, as the model wrote them.
    public var arguments: String

    /// A call of the function `name`.
    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
