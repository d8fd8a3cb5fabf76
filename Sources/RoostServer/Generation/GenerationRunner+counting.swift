import Roost

extension GenerationRunner {
    /// The tokens of a conversation as the model is given it: after what the model brings along, written by its template
    /// or as plain text where it has none, as ``GenerationJob/stream(on:)`` does.
    ///
    /// Throws `APIError`; pictures have tokens that only the model's projector knows, and are refused.
    func countTokens(
        of chat: ChatRequest, on name: String, for context: RoostRequestContext
    ) async throws -> Int {
        if chat.messages.contains(where: \.hasImages) {
            throw APIError.invalidRequest("The tokens of pictures are not counted; leave the pictures out.")
        }
        return try await answer(on: name, for: context) { [manager] model, _ in
            var chat = chat
            try await manager.preset(of: name).apply(to: &chat)
            let text: String
            if model.info.hasChatTemplate {
                text = try await model.prompt(for: chat)
            } else if chat.tools.isEmpty {
                text = chat.messages.plainText
            } else {
                throw APIError.invalidRequest("\(name) does not support tools", parameter: "tools")
            }
            return try await model.tokenize(text, addSpecial: true, parseSpecial: true).count
        }
    }

    /// Whether an engine beside this Roost computes the model: its tokens and its context are that engine's affair.
    ///
    /// Throws `APIError`.
    func isComputedElsewhere(_ name: String) async throws -> Bool {
        do {
            return try await manager.offeredModel(named: name) != nil
        } catch {
            throw APIError(error, model: name)
        }
    }
}
