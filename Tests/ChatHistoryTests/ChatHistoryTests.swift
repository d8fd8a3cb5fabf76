import ChatHistory
import Foundation
import Testing

/// What is kept comes back, in its order, to its owner.
@Suite struct ChatHistoryTests {
    private let fixture: HistoryFixture
    private let history: ChatHistory

    init() throws {
        fixture = try HistoryFixture()
        history = try fixture.open()
    }

    @Test func `a message comes back with all that it had, also after a restart`() async throws {
        var message = SavedMessage(role: .assistant, content: "Köln \u{1F989} – “ok”\n\tend")
        message.reasoning = "First, …"
        message.toolCalls = [
            SavedToolCall(id: "call_1", name: "weather", arguments: #"{"city":"K\u00f6ln","n":[1,2]}"#)
        ]
        message.toolCallID = "call_0"
        message.name = "weather"
        message.images = [Data([0, 1, 2, 255]), Data(repeating: 7, count: 100_000)]
        message.model = "gemma3:latest"
        message.isInterrupted = true
        message.createdAt = Date(timeIntervalSince1970: 1_700_000_000.125)
        let kept = try await history.create(model: "gemma3", messages: [message])
        let other = try fixture.open()
        #expect(try await other.messages(of: kept.id) == [message])
        #expect(try await other.conversation(kept.id) == kept)
        #expect(kept.messageCount == 1)
        #expect(kept.id == kept.id.lowercased() && UUID(uuidString: kept.id) != nil)
    }

    @Test func `a title is the first words, until it is given one`() async throws {
        let first = try await history.create(
            model: "m", messages: [SavedMessage(role: .system, content: "Be kind."), .user("  Why is\n the sky blue?")])
        #expect(first.title == "Why is the sky blue?")
        let long = try await history.create(model: "m", messages: [.user(String(repeating: "owls ", count: 100))])
        #expect(long.title.count <= 61 && long.title.hasSuffix("owls…"))
        #expect(try await history.create(model: "m").title == "Conversation")
        let renamed = try await history.rename(first.id, to: " About\u{7} the\nsky ")
        #expect(renamed.title == "About the sky")
        #expect(renamed.updatedAt == first.updatedAt)
        for title in ["", " \n ", String(repeating: "a", count: 201)] {
            await #expect(throws: ChatHistoryError.self) { try await history.rename(first.id, to: title) }
        }
    }

    @Test func `the list has what was spoken in last first, page by page`() async throws {
        var ids: [String] = []
        for index in 0..<7 { ids.append(try await history.create(title: "\(index)", model: "m").id) }
        try await history.append([.user("again")], to: ids[2])
        let expected = [ids[2]] + [6, 5, 4, 3, 1, 0].map { ids[$0] }
        var found: [String] = []
        var cursor: String?
        repeat {
            let page = try await history.conversations(limit: 3, after: cursor)
            #expect(page.conversations.count <= 3)
            found += page.conversations.map(\.id)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(found == expected)
        #expect(try await history.conversations(limit: 7).nextCursor == nil)
        for limit in [0, -1, 201] {
            await #expect(throws: ChatHistoryError.self) { try await history.conversations(limit: limit) }
        }
        for cursor in [
            "", "x", "1", "1.2.3", "1-2", "1.-2", ".2", "99999999999999999999.1", "1.2'; DROP TABLE message",
        ] {
            await #expect(throws: ChatHistoryError.self) { try await history.conversations(after: cursor) }
        }
    }

    @Test func `conversations from before 1970 are in the list, page by page`() async throws {
        var ids: [String] = []
        for year in [1950, 1960, 1980] {
            let time = "\(year)-01-01T00:00:00Z"
            let text =
                #"{"format":"roost.conversation","version":1,"messages":[],"created_at":"\#(time)","updated_at":"\#(time)"}"#
            let document = try ConversationDocument(reading: Data(text.utf8))
            ids.insert(try await history.importConversation(document).id, at: 0)
        }
        var found: [String] = []
        var cursor: String?
        repeat {
            let page = try await history.conversations(limit: 1, after: cursor)
            found += page.conversations.map(\.id)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(found == ids)
        #expect(try await history.conversationCount() == 3)
        #expect(try await history.owned(by: "anna").conversationCount() == 0)
    }

    @Test func `a conversation is found by the beginning of its id and by its place`() async throws {
        let first = try await history.create(title: "first", model: "m")
        let second = try await history.create(title: "second", model: "m")
        #expect(try await history.conversation(matching: first.id) == first)
        #expect(try await history.conversation(matching: " " + first.id.prefix(8).uppercased()) == first)
        #expect(try await history.conversation(matching: "1") == second)
        #expect(try await history.conversation(matching: "2") == first)
        for text in ["0", "3", "", "zzzz", "%", "abcdefg", first.id + "0", String(first.id.prefix(3)) + "z"] {
            await #expect(throws: ChatHistoryError.notFound(text)) { try await history.conversation(matching: text) }
        }
    }

    @Test func `messages come in pages by number and by size`() async throws {
        let kept = try await history.create(model: "m", messages: (0..<10).map { .user("\($0)") })
        #expect(try await history.messages(of: kept.id, from: 3, limit: 2).map(\.content) == ["3", "4"])
        #expect(try await history.messages(of: kept.id, from: 8).map(\.content) == ["8", "9"])
        #expect(try await history.messages(of: kept.id, from: 10).isEmpty)
        #expect(try await history.messages(of: kept.id, byteLimit: 3).count == 3)
        #expect(try await history.messages(of: kept.id, byteLimit: 0).count == 1)
    }

    @Test func `two who go on with one conversation do not get between each other's words`() async throws {
        let kept = try await history.create(model: "m", messages: [.user("a"), .assistant("b")])
        let other = try fixture.open()
        try await other.append([.user("c")], to: kept.id, after: 2)
        await #expect(throws: ChatHistoryError.changed(id: kept.id, expected: 2, found: 3)) {
            try await history.append([.user("d"), .assistant("e")], to: kept.id, after: 2)
        }
        #expect(try await history.messages(of: kept.id).map(\.content) == ["a", "b", "c"])
        let after = try await history.append([.user("d")], to: kept.id, after: 3, model: "other")
        #expect(after.messageCount == 4 && after.model == "other")
        #expect(after.updatedAt > kept.updatedAt)
    }

    @Test func `owners do not see, find, change or delete each other's conversations`() async throws {
        let mine = try await history.create(title: "mine owls", model: "m", messages: [.user("owls at night")])
        for name in ["anna", "bert", "a' OR '1'='1", "%"] {
            let theirs = history.owned(by: name)
            #expect(try await theirs.conversations().conversations.isEmpty)
            #expect(try await theirs.search("owls").matches.isEmpty)
            let missing = ChatHistoryError.notFound(mine.id)
            await #expect(throws: missing) { try await theirs.conversation(mine.id) }
            await #expect(throws: missing) { try await theirs.conversation(matching: mine.id) }
            await #expect(throws: ChatHistoryError.notFound("1")) { try await theirs.conversation(matching: "1") }
            await #expect(throws: missing) { try await theirs.messages(of: mine.id) }
            await #expect(throws: missing) { try await theirs.append([.user("x")], to: mine.id) }
            await #expect(throws: missing) { try await theirs.rename(mine.id, to: "x") }
            await #expect(throws: missing) { try await theirs.delete(mine.id) }
            _ = try await theirs.create(title: "theirs", model: "m")
            #expect(try await theirs.deleteAll() == 1)
        }
        #expect(try await history.conversation(mine.id) == mine)
    }

    @Test func `more than is kept is refused as a whole`() async throws {
        var limits = HistoryLimits()
        limits.messageByteCount = 10
        limits.imageByteCount = 4
        limits.imagesPerMessage = 2
        limits.messagesPerConversation = 3
        limits.conversationByteCount = 20
        limits.ownerByteCount = 25
        limits.conversationsPerOwner = 2
        let history = try fixture.open(limits).owned(by: "anna")
        let kept = try await history.create(model: "m", messages: [.user("0123456789")])
        var heavy = SavedMessage.user("")
        heavy.images = [Data(count: 5)]
        var many = SavedMessage.user("")
        many.images = [Data(count: 1), Data(count: 1), Data(count: 1)]
        var thoughtful = SavedMessage.user("01234")
        thoughtful.reasoning = "012345"
        let refused: [[SavedMessage]] = [
            [.user("01234567890")], [heavy], [many], [thoughtful], [.user("1"), .user("2"), .user("3")],
            [.user("0123456"), .user("0123456")],
        ]
        for messages in refused {
            let error = await #expect(throws: ChatHistoryError.self) { try await history.append(messages, to: kept.id) }
            guard case .tooLarge = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
        #expect(try await history.conversation(kept.id) == kept)
        let second = try await history.create(model: "m", messages: [.user("0123456789")])
        await #expect(throws: ChatHistoryError.self) { try await history.create(model: "m") }
        await #expect(throws: ChatHistoryError.self) { try await history.append([.user("012345")], to: second.id) }
        // The person's own are limited by conversation only.
        for _ in 0..<3 { _ = try await history.owned(by: "").create(model: "m", messages: [.user("0123456789")]) }
    }

    @Test func `a clock that is set back leaves the order as it is`() async throws {
        let kept = try await history.create(model: "m")
        let early = try ChatHistory(in: fixture.folder) { Date(timeIntervalSince1970: 5) }
        #expect(try await early.append([.user("x")], to: kept.id).updatedAt == kept.updatedAt)
    }

    @Test func `the end of a task does not lose what was to be kept`() async throws {
        let history = history
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await history.create(title: "late", model: "m")
        }
        task.cancel()
        #expect(try await task.value.title == "late")
        #expect(try await history.conversations().conversations.count == 1)
    }

    @Test func `a NUL stands as a replacement character, and nothing after it is lost`() async throws {
        let kept = try await history.create(title: "a\0b", model: "m\0n", messages: [.user("before\0after")])
        #expect(kept.title == "a b" && kept.model == "m\u{FFFD}n")
        #expect(try await history.messages(of: kept.id)[0].content == "before\u{FFFD}after")
        #expect(SavedMessage.user("before\0after").asKept.content == "before\u{FFFD}after")
    }
}
