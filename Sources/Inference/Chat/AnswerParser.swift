/// Reads what the model wrote: content, reasoning and tool calls apart.
protocol AnswerParser: AnyObject, Sendable {
    /// Takes more raw text of one answer and returns what is certain now, which may be empty.
    ///
    /// Throws `InferenceError`.
    func append(_ text: String) throws -> GenerationDelta

    /// The rest, when the answer has ended.
    ///
    /// Throws `InferenceError`.
    func finish() throws -> GenerationDelta

    /// All that was read, for the result.
    var message: ParsedMessage { get }

    /// One with the same rules, for another answer to the same prompt.
    func fresh() -> any AnswerParser
}

/// An answer, read.
struct ParsedMessage: Sendable, Hashable {
    var content = ""
    var reasoning = ""
    var toolCalls: [ToolCall] = []
}
