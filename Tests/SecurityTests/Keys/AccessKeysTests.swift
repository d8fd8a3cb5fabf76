import Foundation
import Security
import Synchronization
import Testing

@Suite struct AccessKeysTests {
    private let home = KeyHome()

    @Test func `a change by another process counts at the next question`() throws {
        let keys = AccessKeys(home.file)
        #expect(try !keys.exist())
        #expect(try keys.find(AccessToken()) == .unknown)
        for _ in 0..<50 {
            let (key, token) = try home.file.create(name: "a", scopes: [.infer])
            #expect(try keys.find(token) == .valid(key))
            #expect(try keys.isValid(id: key.id))
            #expect(try keys.usableCount() == 1)
            try home.file.revoke("a")
            #expect(try keys.find(token) == .unknown)
            #expect(try !keys.isValid(id: key.id))
        }
        #expect(try keys.exist())
    }

    @Test func `a key ends at its time`() throws {
        let clock = TestTime(1_700_000_000)
        let keys = AccessKeys(home.file, now: { clock.now })
        let (key, token) = try home.file.create(
            name: "a", scopes: [.infer], lifetime: .seconds(60), now: clock.now)
        #expect(try keys.find(token) == .valid(key))
        clock.advance(59)
        #expect(try keys.find(token) == .valid(key))
        clock.advance(1)
        #expect(try keys.find(token) == .expired(key))
        #expect(try !keys.isValid(id: key.id))
        #expect(try keys.usableCount() == 0)
    }

    @Test func `the right id with a wrong secret is unknown, expired or not`() throws {
        let clock = TestTime(1_700_000_000)
        let keys = AccessKeys(home.file, now: { clock.now })
        let (key, token) = try home.file.create(name: "a", scopes: [.infer], lifetime: .seconds(60), now: clock.now)
        let wrong = try #require(AccessToken("roost_\(key.id)_\(String(token.text.suffix(43).reversed()))"))
        #expect(try keys.find(wrong) == .unknown)
        clock.advance(100)
        #expect(try keys.find(wrong) == .unknown)
    }

    @Test func `while the file cannot be trusted nobody has a key`() throws {
        let keys = AccessKeys(home.file)
        let (key, token) = try home.file.create(name: "a", scopes: [.infer])
        #expect(try keys.find(token) == .valid(key))
        // A change of permissions alone is noticed too.
        try home.setMode(0o644, of: home.file.path)
        #expect(throws: AccessKeyError.self) { try keys.find(token) }
        #expect(throws: AccessKeyError.self) { try keys.find(token) }
        try home.setMode(0o600, of: home.file.path)
        #expect(try keys.find(token) == .valid(key))
        let whole = try home.content()
        try home.write(whole.dropLast(20))
        #expect(throws: AccessKeyError.self) { try keys.isValid(id: key.id) }
        try home.write(whole)
        #expect(try keys.isValid(id: key.id))
    }

    @Test func `a file that goes away opens nothing`() throws {
        let keys = AccessKeys(home.file)
        let (_, token) = try home.file.create(name: "a", scopes: [.infer])
        #expect(try keys.exist())
        try FileManager.default.removeItem(atPath: home.folderPath)
        #expect(try keys.exist())
        #expect(try keys.find(token) == .unknown)
        #expect(try keys.usableCount() == 0)
    }
}

/// A time that a test moves.
private final class TestTime: Sendable {
    private let seconds: Mutex<Double>

    init(_ seconds: Double) { self.seconds = Mutex(seconds) }

    var now: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }

    func advance(_ count: Double) { seconds.withLock { $0 += count } }
}
