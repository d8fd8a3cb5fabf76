import ChatHistory
import Foundation
import Testing

/// The file: who may read it, what stays in it, and what becomes of one that is damaged.
@Suite struct HistoryFileTests {
    private let fixture: HistoryFixture

    init() throws { fixture = try HistoryFixture() }

    private func mode(_ name: String) throws -> Int {
        let path = fixture.folder.appending(path: name).path
        return try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func `only the user can read the files, whatever they were before`() async throws {
        let history = try fixture.open()
        _ = try await history.create(model: "m", messages: [.user("x")])
        let names = [ChatHistory.fileName, ChatHistory.fileName + "-wal", ChatHistory.fileName + "-shm"]
        for name in names {
            #expect(try mode(name) == 0o600, "\(name)")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o666], ofItemAtPath: fixture.folder.appending(path: name).path)
        }
        _ = try fixture.open()
        for name in names { #expect(try mode(name) == 0o600, "\(name)") }
    }

    /// Words that begin alike, as a list of words keeps them without what the one before has.
    private static let secrets = ["xylophonecanary", "quixoticwombat", "zephyrmarmoset", "jabberwockyplum"]
    private static var traces: [String] { secrets.flatMap { [$0, String($0.dropFirst(3))] } }

    @Test(arguments: [1, 30, 3000]) func `nothing of what is deleted stays in any file`(length: Int) async throws {
        let history = try fixture.open()
        let other = try fixture.open()
        let secret = Array(repeating: Self.secrets.joined(separator: " "), count: length).joined(separator: " and ")
        for index in 0..<20 {
            _ = try await history.create(
                title: "kept \(index)", model: "m", messages: [.user("ordinary words \(index)")])
        }
        var message = SavedMessage.assistant("thanks")
        message.reasoning = secret
        message.toolCalls = [SavedToolCall(id: "1", name: "f", arguments: secret)]
        message.images = [Data(secret.utf8)]
        let kept = try await history.create(title: Self.secrets[0], model: Self.secrets[1], messages: [.user(secret)])
        for _ in 0..<5 { try await other.append([.user(secret), message], to: kept.id) }
        for index in 20..<40 { _ = try await other.create(model: "m", messages: [.user("ordinary words \(index)")]) }
        for trace in Self.traces { #expect(try !fixture.files(with: trace).isEmpty, "it was never there: \(trace)") }

        try await history.delete(kept.id)
        for trace in Self.traces { #expect(try fixture.files(with: trace) == [], "\(trace)") }
        #expect(try await other.conversations(limit: 200).conversations.count == 40)
        #expect(try await other.search("ordinary", limit: 200).matches.count == 40)
    }

    @Test func `nothing of an old title stays, and nothing at all when all is deleted`() async throws {
        let history = try fixture.open()
        let kept = try await history.create(title: Self.secrets[0], model: "m", messages: [.user(Self.secrets[2])])
        try await history.rename(kept.id, to: "plain")
        #expect(try fixture.files(with: Self.secrets[0]).isEmpty)
        #expect(try !fixture.files(with: Self.secrets[2]).isEmpty)
        #expect(try await history.deleteAll() == 1)
        #expect(try fixture.files(with: Self.secrets[2]).isEmpty)
    }

    @Test func `random conversations that are deleted leave no word behind`() async throws {
        var random = Seeded(9)
        let history = try fixture.open()
        var gone: [String] = []
        var alive: [String] = []
        var ids: [(String, String)] = []
        for index in 0..<60 {
            // Each conversation has a word of its own, in messages of all sizes.
            let word = "word" + String(random.next(), radix: 36) + "end"
            let text = (0..<Int.random(in: 1...400, using: &random)).map { "\(word) t\($0)" }.joined(separator: " ")
            let kept = try await history.create(title: "c\(index)", model: "m", messages: [.user(text)])
            ids.append((kept.id, word))
        }
        ids.shuffle(using: &random)
        for (index, (id, word)) in ids.enumerated() {
            if index % 3 == 0 {
                alive.append(word)
            } else {
                try await history.delete(id)
                gone.append(word)
            }
        }
        for word in gone { #expect(try fixture.files(with: String(word.dropFirst(5))) == []) }
        for word in alive { #expect(try await history.search(word).matches.count == 1) }
    }

    @Test func `a file that is no database is left as it is`() throws {
        let garbage = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
        try garbage.write(to: fixture.file)
        let error = #expect(throws: ChatHistoryError.self) { try fixture.open() }
        #expect(error?.description.contains("damaged") == true)
        #expect(error?.description.contains(fixture.file.path) == true)
        #expect(try Data(contentsOf: fixture.file) == garbage)
    }

    @Test func `a database that was cut short is refused and left as it is`() async throws {
        do {
            let history = try fixture.open()
            for index in 0..<50 {
                _ = try await history.create(
                    title: "\(index)", model: "m", messages: [.user(String(repeating: "text \(index) ", count: 500))])
            }
        }
        let whole = try Data(contentsOf: fixture.file)
        try #require(whole.count > 100_000)
        for length in [10, 100, 4000, 4096, 20_000, whole.count / 2, whole.count - 4096] {
            let cut = whole.prefix(length)
            for name in try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path) {
                try FileManager.default.removeItem(at: fixture.folder.appending(path: name))
            }
            try cut.write(to: fixture.file)
            let error = await #expect(throws: ChatHistoryError.self, "\(length)") {
                let history = try fixture.open()
                for conversation in try await history.conversations(limit: 200).conversations {
                    _ = try await history.messages(of: conversation.id)
                }
            }
            #expect(error?.description.contains("damaged") == true, "\(length): \(String(describing: error))")
            #expect(try Data(contentsOf: fixture.file) == cut, "\(length)")
        }
    }

    @Test func `a log that was cut anywhere leaves whole conversations, the first ones`() async throws {
        let history = try fixture.open()
        for index in 0..<12 {
            _ = try await history.create(
                title: "\(index)", model: "m",
                messages: [.user("a \(index)"), .assistant(String(repeating: "b", count: 5000))])
        }
        // As a machine leaves it that stops: the database and the log, which nobody has closed.
        let contents = try fixture.contents()
        let database = try #require(contents[ChatHistory.fileName])
        let log = try #require(contents[ChatHistory.fileName + "-wal"])
        try #require(log.count > 50_000)
        var counts: Set<Int> = []
        for step in 0...40 {
            let copy = try HistoryFixture()
            try database.write(to: copy.file)
            try log.prefix(log.count * step / 40).write(
                to: copy.folder.appending(path: ChatHistory.fileName + "-wal"))
            let history = try copy.open()
            let found = try await history.conversations(limit: 200).conversations
            #expect(found.map(\.title) == (0..<found.count).reversed().map(String.init))
            for conversation in found { #expect(try await history.messages(of: conversation.id).count == 2) }
            counts.insert(found.count)
            _ = try await history.create(model: "m", messages: [.user("on")])
        }
        #expect(counts.contains(12) && counts.count > 5)
    }

    @Test func `another program's database and other things are left alone`() throws {
        // A minimal database of SQLite 3 with one table, made by hand: page 1 with a schema of one row.
        try Self.foreignDatabase().write(to: fixture.file)
        let before = try Data(contentsOf: fixture.file)
        #expect(throws: ChatHistoryError.foreignDatabase(path: fixture.file.path)) { try fixture.open() }
        #expect(try Data(contentsOf: fixture.file) == before)
        try FileManager.default.removeItem(at: fixture.file)
        try FileManager.default.createDirectory(at: fixture.file, withIntermediateDirectories: false)
        let error = #expect(throws: ChatHistoryError.self) { try fixture.open() }
        #expect(error?.description.contains("no regular file") == true)
    }

    /// A page with the schema row `table t, root page 2`, and an empty page.
    private static func foreignDatabase() -> Data {
        var page = [UInt8](repeating: 0, count: 8192)
        page.replaceSubrange(0..<16, with: Array("SQLite format 3\0".utf8))
        // Page size 4096; versions 1; payload fractions 64, 32, 32; change counter 1; two pages.
        page.replaceSubrange(16..<24, with: [0x10, 0, 1, 1, 0, 64, 32, 32])
        page[27] = 1
        page[31] = 2
        page[43] = 1  // schema cookie
        page[47] = 4  // schema format
        page[59] = 1  // UTF-8
        page[95] = 1
        let sql = Array("CREATE TABLE t (a)".utf8)
        // Row of five columns: type, name, tbl_name, rootpage, sql.
        let header: [UInt8] = [6, 23, 15, 15, 1, UInt8(13 + 2 * sql.count)]
        let payload = header + Array("tablett".utf8) + [2] + sql
        let cell = [UInt8(payload.count), 1] + payload
        let start = 4096 - cell.count
        page.replaceSubrange(start..<4096, with: cell)
        page.replaceSubrange(100..<108, with: [13, 0, 0, 0, 1, UInt8(start >> 8), UInt8(start & 255), 0])
        page.replaceSubrange(108..<110, with: [UInt8(start >> 8), UInt8(start & 255)])
        page.replaceSubrange(4096..<4104, with: [13, 0, 0, 0, 0, 0x10, 0, 0])
        return Data(page)
    }

    @Test func `a database of a newer Roost is refused and left as it is`() async throws {
        do { _ = try await fixture.open().create(model: "m", messages: [.user("x")]) }
        // What a newer one would have entered.
        var data = try Data(contentsOf: fixture.file)
        let name = Data("1: conversations and messages".utf8)
        let places = try #require(data.ranges(of: name).isEmpty ? nil : data.ranges(of: name))
        for place in places { data.replaceSubrange(place, with: Data("9: conversations and messages".utf8)) }
        try data.write(to: fixture.file)
        #expect(throws: ChatHistoryError.newerDatabase(path: fixture.file.path)) { try fixture.open() }
        #expect(try Data(contentsOf: fixture.file) == data)
    }
}
