import ChatHistory
import Foundation
import Testing

@Suite struct SavedConversationTests {
    @Test func `a conversation comes back from JSON as it was`() throws {
        let conversation = SavedConversation(
            id: "1", title: "Owls", model: "gemma3", createdAt: Date(timeIntervalSince1970: 1),
            updatedAt: Date(timeIntervalSince1970: 2), messageCount: 3)
        let data = try JSONEncoder().encode(conversation)
        #expect(try JSONDecoder().decode(SavedConversation.self, from: data) == conversation)
    }
}
