import ChatHistory
import Foundation

/// Opens the kept conversations when somebody wants them first: whoever keeps nothing has no database of them.
actor HistoryDoor {
    private let folder: URL
    private var opening: Task<ChatHistory, any Error>?

    init(folder: URL) { self.folder = folder }

    /// The conversations. One who comes while they are being opened waits; after a failure the next one tries again.
    func history() async throws -> ChatHistory {
        let folder = folder
        let task = opening ?? Task { try await OffPool.run { try ChatHistory(in: folder) } }
        opening = task
        do {
            return try await task.value
        } catch {
            if opening == task { opening = nil }
            throw error
        }
    }
}
