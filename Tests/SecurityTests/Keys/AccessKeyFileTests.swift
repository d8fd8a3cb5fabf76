import Dispatch
import Foundation
import Security
import Synchronization
import Testing

@Suite struct AccessKeyFileTests {
    private let home = KeyHome()
    private var file: AccessKeyFile { home.file }

    @Test func `a key that is made is found again, in files for its owner alone`() throws {
        #expect(try file.keys() == nil)
        let models = ["gemma*", "hf.co/acme/*"].compactMap { ModelPattern($0) }
        let now = Date(timeIntervalSince1970: 1_700_000_000.75)
        let (key, token) = try file.create(
            name: "laptop", scopes: [.read, .infer], models: models, lifetime: .seconds(60), now: now)
        #expect(try file.keys() == [key])
        #expect(key.models == models)
        #expect(key.expiresAt == Date(timeIntervalSince1970: 1_700_000_060))
        #expect(key.isShown(by: token))
        #expect(try home.mode(of: home.folderPath) == 0o700)
        #expect(try home.mode(of: file.path) == 0o600)
        #expect(try home.mode(of: home.folderPath + "/access.lock") == 0o600)
        let (second, _) = try file.create(name: "desk", scopes: [.admin])
        #expect(try file.keys()?.map(\.name) == ["desk", "laptop"])
        #expect(try file.revoke("laptop") == key)
        #expect(try file.revoke(second.id) == second)
        #expect(try file.keys() == [])
    }

    @Test func `no file holds a secret`() throws {
        let tokens = try (0..<5).map { try file.create(name: "key\($0)", scopes: [.infer]).token }
        try file.revoke("key0")
        let names = try FileManager.default.subpathsOfDirectory(atPath: home.url.path)
        #expect(names.contains("keys/access.json"))
        for name in names {
            guard let content = FileManager.default.contents(atPath: home.url.appending(path: name).path) else {
                continue
            }
            for token in tokens { #expect(content.range(of: Data(token.text.suffix(43).utf8)) == nil, "\(name)") }
        }
    }

    @Test(arguments: ["", "a b", "ä", "a/b", "a\n", String(repeating: "a", count: 65)])
    func `a name that is none is refused`(name: String) {
        #expect(throws: AccessKeyError.invalidName(name)) { try file.create(name: name, scopes: [.infer]) }
    }

    @Test func `names and ids are unique, and a key has a scope`() throws {
        let (key, _) = try file.create(name: "a", scopes: [.infer])
        #expect(throws: AccessKeyError.nameTaken("a")) { try file.create(name: "a", scopes: [.infer]) }
        #expect(throws: AccessKeyError.nameTaken(key.id)) { try file.create(name: key.id, scopes: [.infer]) }
        #expect(throws: AccessKeyError.noScopes) { try file.create(name: "b", scopes: []) }
        #expect(throws: AccessKeyError.unknownKey("b", names: ["a"])) { try file.revoke("b") }
        #expect(try file.keys()?.count == 1)
    }

    @Test func `keys that are made and revoked at once are all there`() async throws {
        let file = file
        for index in 0..<8 { _ = try file.create(name: "old\(index)", scopes: [.infer]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<24 {
                group.addTask { _ = try file.create(name: "new\(index)", scopes: [.infer]) }
                if index < 8 { group.addTask { try file.revoke("old\(index)") } }
            }
            try await group.waitForAll()
        }
        #expect(Set(try file.keys()?.map(\.name) ?? []) == Set((0..<24).map { "new\($0)" }))
    }

    @Test func `a reader sees the keys before a change or after it`() throws {
        let file = file
        _ = try file.create(name: "stays", scopes: [.infer])
        // A thread of its own: those of the pool may all be taken by tests that read.
        let writing = DispatchQueue(label: "roost.tests.keys")
        let isOver = Mutex(false)
        let failure = Mutex((any Error)?.none)
        writing.async {
            do {
                while !isOver.withLock({ $0 }) {
                    _ = try file.create(name: "comes", scopes: [.infer])
                    try file.revoke("comes")
                }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        defer { isOver.withLock { $0 = true } }
        var states: Set<[String]> = []
        var count = 0
        let deadline = ContinuousClock.now + .seconds(300)
        while count < 500 || states.count < 2 && ContinuousClock.now < deadline {
            states.insert(try file.keys()?.map(\.name) ?? [])
            count += 1
        }
        isOver.withLock { $0 = true }
        writing.sync {}
        if let error = failure.withLock({ $0 }) { throw error }
        #expect(states == [["stays"], ["comes", "stays"]])
    }

    @Test func `a file that was cut anywhere is refused, and nothing is changed in it`() throws {
        _ = try file.create(name: "a", scopes: [.infer], models: [], lifetime: .unlimited)
        let whole = try home.content()
        for count in 0..<whole.count - 2 {
            try home.write(whole.prefix(count))
            #expect(throws: AccessKeyError.self, "\(count) bytes") { try file.keys() }
        }
        try home.write(whole.prefix(whole.count / 2))
        #expect(throws: AccessKeyError.self) { try file.create(name: "b", scopes: [.infer]) }
        #expect(throws: AccessKeyError.self) { try file.revoke("a") }
        #expect(try home.content() == whole.prefix(whole.count / 2))
        try home.write(whole)
        #expect(try file.keys()?.count == 1)
    }

    @Test(arguments: [
        #"{"version":2,"keys":[]}"#, #"{"keys":[]}"#, #"[]"#, #"{"version":1}"#,
        #"{"version":1,"keys":[{"id":"aaaaaaaa","name":"a"}]}"#,
    ])
    func `what Roost does not write is refused`(text: String) throws {
        _ = try file.create(name: "a", scopes: [.infer])
        try home.write(Data(text.utf8))
        #expect {
            try file.keys()
        } throws: { error in
            guard case .malformed(let path, _)? = error as? AccessKeyError else { return false }
            return path == file.path
        }
    }

    @Test(arguments: ["scopes", "id", "name", "secret_sha256"])
    func `a key that lacks a field, or has a wrong one, is refused`(field: String) throws {
        _ = try file.create(name: "a", scopes: [.infer])
        let whole = try #require(try JSONSerialization.jsonObject(with: home.content()) as? [String: Any])
        let key = try #require((whole["keys"] as? [[String: Any]])?.first)
        for value in [nil, "wrong!" as Any, [] as [String], ["infer", "fly"]] {
            var changed = key
            changed[field] = value
            try home.write(JSONSerialization.data(withJSONObject: ["version": 1, "keys": [changed]]))
            #expect(throws: AccessKeyError.self, "\(field): \(String(describing: value))") { try file.keys() }
        }
        try home.write(JSONSerialization.data(withJSONObject: ["version": 1, "keys": [key, key]]))
        #expect(throws: AccessKeyError.self) { try file.keys() }
        try home.write(JSONSerialization.data(withJSONObject: ["version": 1, "keys": [key]]))
        #expect(try file.keys()?.count == 1)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o601, 0o666])
    func `a file that others may use is refused, with the command that mends it`(mode: Int) throws {
        _ = try file.create(name: "a", scopes: [.infer])
        try home.setMode(mode, of: file.path)
        #expect {
            try file.keys()
        } throws: { error in
            "\(error)".contains("chmod 600 '\(file.path)'") && "\(error)".contains(String(mode, radix: 8))
        }
        #expect(throws: AccessKeyError.self) { try file.revoke("a") }
        try home.setMode(0o600, of: file.path)
        #expect(try file.keys()?.count == 1)
    }

    @Test(arguments: [0o770, 0o702, 0o777])
    func `a folder in which others may write is refused`(mode: Int) throws {
        _ = try file.create(name: "a", scopes: [.infer])
        try home.setMode(mode, of: home.folderPath)
        #expect {
            try file.keys()
        } throws: {
            "\($0)".contains("chmod 700 '\(home.folderPath)'")
        }
        #expect(throws: AccessKeyError.self) { try file.create(name: "b", scopes: [.infer]) }
    }

    @Test func `links and folders in the file's place are refused`() throws {
        _ = try file.create(name: "a", scopes: [.infer])
        let elsewhere = home.url.appending(path: "elsewhere.json").path
        try FileManager.default.moveItem(atPath: file.path, toPath: elsewhere)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: elsewhere)
        #expect(throws: AccessKeyError.self) { try file.keys() }
        try FileManager.default.removeItem(atPath: file.path)
        try FileManager.default.createDirectory(atPath: file.path, withIntermediateDirectories: false)
        #expect(throws: AccessKeyError.self) { try file.keys() }
    }

    @Test func `a draft that a dead process left is not in the way`() throws {
        _ = try file.create(name: "a", scopes: [.infer])
        let draft = file.path + ".new"
        try Data("half".utf8).write(to: URL(fileURLWithPath: draft))
        _ = try file.create(name: "b", scopes: [.infer])
        #expect(try file.keys()?.count == 2)
        #expect(!FileManager.default.fileExists(atPath: draft))
        #expect(try home.mode(of: file.path) == 0o600)
    }
}
