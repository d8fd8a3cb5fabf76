public import Foundation
import GRDB

/// The conversations that one owner asked to keep, in a SQLite database of their own.
///
/// ```swift
/// let history = try ChatHistory(in: home)
/// let kept = try await history.create(model: "gemma3", messages: [SavedMessage(role: .user, content: "Hello")])
/// try await history.append([SavedMessage(role: .assistant, content: "Hi!")], to: kept.id)
/// ```
///
/// Several processes may use it at once. Nothing comes here unless it is put here, and what is deleted is overwritten in
/// the database's file. The file can be read by its user only, and is not encrypted.
public struct ChatHistory: Sendable {
    /// Whose conversations these are: the name of a caller; empty for the person whose machine it is.
    public let owner: String
    /// How much is kept at most.
    public let limits: HistoryLimits
    let database: HistoryDatabase
    private let now: @Sendable () -> Date

    /// Opens `chats.db` in a folder, and makes it if it is missing. Blocks: call it on a thread of your own.
    ///
    /// - Throws: ``ChatHistoryError``; a file that cannot be used stays as it is.
    public init(
        in folder: URL, limits: HistoryLimits = HistoryLimits(), now: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        self.init(
            owner: "", limits: limits, database: try HistoryDatabase(at: folder.appending(path: Self.fileName)),
            now: now)
    }

    private init(
        owner: String, limits: HistoryLimits, database: HistoryDatabase, now: @escaping @Sendable () -> Date
    ) {
        self.owner = owner
        self.limits = limits
        self.database = database
        self.now = now
    }

    /// The database's file name.
    public static let fileName = "chats.db"

    /// The conversations of another owner; those of one are never seen by the others.
    public func owned(by owner: String) -> ChatHistory {
        ChatHistory(owner: owner.keepable, limits: limits, database: database, now: now)
    }

    // MARK: Writing

    /// Keeps a new conversation.
    ///
    /// - Parameters:
    ///   - title: `nil` takes the first words of the first message.
    ///   - model: The model that it is held with.
    /// - Throws: ``ChatHistoryError``.
    public func create(
        title: String? = nil, model: String, messages: [SavedMessage] = []
    ) async throws -> SavedConversation {
        try await enter(title: title, model: model, messages: messages, createdAt: nil, updatedAt: nil)
    }

    /// Adds messages at the end.
    ///
    /// - Parameters:
    ///   - count: How many messages the conversation has, as the caller knows it; with another number nothing is added,
    ///     so that two who go on with a conversation do not get between each other's words. `nil` adds in any case.
    ///   - model: The model that it is held with from now on; `nil` as before.
    /// - Throws: ``ChatHistoryError``, with nothing added.
    @discardableResult
    public func append(
        _ messages: [SavedMessage], to id: String, after count: Int? = nil, model: String? = nil
    ) async throws -> SavedConversation {
        try limits.check(messages)
        if let model { try HistoryRules.check(model: model) }
        let (owner, limits, time) = (owner, limits, HistoryTime(now()).milliseconds)
        return try await database.write { db in
            let row = try db.conversation(id, owner: owner)
            if let count, count != row.conversation.messageCount {
                throw ChatHistoryError.changed(id: id, expected: count, found: row.conversation.messageCount)
            }
            let byteCount = messages.reduce(Int64(0)) { $0 + Int64($1.byteCount) }
            try limits.check(adding: messages.count, byteCount, to: row)
            try limits.check(adding: byteCount, of: owner, isNew: false, in: db)
            for (index, message) in messages.enumerated() {
                try db.insert(message, at: row.conversation.messageCount + index, of: row.key, time: time)
            }
            // A clock that was set back must not put it behind what came before.
            try db.execute(
                sql: """
                    UPDATE conversation SET messageCount = messageCount + ?, byteCount = byteCount + ?, model = ?,
                        updatedAt = max(updatedAt, ?) WHERE key = ?
                    """,
                arguments: [messages.count, byteCount, model?.keepable ?? row.conversation.model, time, row.key])
            return try db.conversation(id, owner: owner).conversation
        }
    }

    /// Keeps an exported conversation, as a new one with its title and its times.
    ///
    /// - Throws: ``ChatHistoryError``.
    public func importConversation(_ document: ConversationDocument) async throws -> SavedConversation {
        try await enter(
            title: document.title, model: document.model, messages: document.messages,
            createdAt: document.createdAt, updatedAt: document.updatedAt)
    }

    private func enter(
        title: String?, model: String, messages: [SavedMessage], createdAt: Date?, updatedAt: Date?
    ) async throws -> SavedConversation {
        try limits.check(messages)
        try HistoryRules.check(model: model)
        let title = try title.map { try HistoryRules.title($0) } ?? HistoryRules.title(of: messages)
        let (owner, limits, time) = (owner, limits, HistoryTime(now()).milliseconds)
        let id = UUID().uuidString.lowercased()
        let created = createdAt.map { HistoryTime($0).milliseconds } ?? time
        let updated = max(created, updatedAt.map { HistoryTime($0).milliseconds } ?? time)
        return try await database.write { db in
            let byteCount = messages.reduce(Int64(0)) { $0 + Int64($1.byteCount) }
            try limits.check(adding: messages.count, byteCount, to: nil)
            try limits.check(adding: byteCount, of: owner, isNew: true, in: db)
            try db.execute(
                sql: """
                    INSERT INTO conversation (id, owner, title, model, createdAt, updatedAt, messageCount, byteCount)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [id, owner, title, model.keepable, created, updated, messages.count, byteCount])
            let key = db.lastInsertedRowID
            try db.enterWords(ofTitleOf: key, title)
            for (index, message) in messages.enumerated() {
                try db.insert(message, at: index, of: key, time: created)
            }
            return try db.conversation(id, owner: owner).conversation
        }
    }

    /// Gives a conversation another title.
    ///
    /// - Throws: ``ChatHistoryError``.
    @discardableResult
    public func rename(_ id: String, to title: String) async throws -> SavedConversation {
        let title = try HistoryRules.title(title)
        let owner = owner
        let conversation = try await database.write { db in
            let row = try db.conversation(id, owner: owner)
            try db.removeWords(ofTitleOf: row.key)
            try db.execute(sql: "UPDATE conversation SET title = ? WHERE key = ?", arguments: [title, row.key])
            try db.enterWords(ofTitleOf: row.key, title)
            return try db.conversation(id, owner: owner).conversation
        }
        try await database.forget()
        return conversation
    }

    /// Deletes a conversation for good.
    ///
    /// - Throws: ``ChatHistoryError``.
    public func delete(_ id: String) async throws {
        let owner = owner
        try await database.write { db in
            try db.deleteConversation(try db.conversation(id, owner: owner).key)
        }
        try await database.forget()
    }

    /// Deletes all conversations of the owner for good; says how many there were.
    ///
    /// - Throws: ``ChatHistoryError``.
    @discardableResult
    public func deleteAll() async throws -> Int {
        let owner = owner
        let count = try await database.write { db in
            let keys = try Int64.fetchAll(
                db, sql: "SELECT key FROM conversation WHERE owner = ?", arguments: [owner])
            for key in keys { try db.deleteConversation(key) }
            return keys.count
        }
        try await database.forget()
        return count
    }
}
