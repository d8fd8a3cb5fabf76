public import ChatHistory

extension ModelManager {
    /// The conversations that the person asked to keep; ``ChatHistory/owned(by:)`` has those of other callers. Nothing
    /// that models are asked comes here by itself.
    ///
    /// - Throws: `ChatHistoryError`.
    public nonisolated var history: ChatHistory {
        get async throws { try await historyDoor.history() }
    }
}
