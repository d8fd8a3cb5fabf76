import Foundation
import Testing

@testable import Security

@Suite struct KeyValueTests {
    @Test func `a token has 256 random bits and reads back`() throws {
        let tokens = (0..<200).map { _ in AccessToken() }
        #expect(Set(tokens.map(\.text)).count == 200)
        #expect(Set(tokens.map(\.keyID)).count == 200)
        // 62^43 > 2^256.
        #expect(43 * log2(62.0) > 256)
        for token in tokens {
            let parts = token.text.split(separator: "_")
            #expect(parts.count == 3 && parts[0] == "roost" && parts[1] == token.keyID && parts[2].count == 43)
            #expect(AccessToken(token.text) == token)
        }
        // Every character of the alphabet comes up among 8600, or the generator is not what it should be.
        #expect(Set(tokens.flatMap { $0.text.split(separator: "_")[2] }).count == 62)
    }

    @Test func `what is not a token is none`() {
        let text = AccessToken().text
        for wrong in [
            "", "roost", "roost__", text + "a", String(text.dropLast()), "Roost" + text.dropFirst(5), " " + text,
            text.replacingOccurrences(of: "_", with: "-"), String(text.dropLast()) + "é",
            String(text.dropLast()) + "\n",
            String(text.dropLast()) + "_", String(repeating: "a", count: 100_000),
        ] {
            #expect(AccessToken(wrong) == nil, "\(wrong.prefix(80))")
        }
    }

    @Test func `a token in a message gives nothing away`() {
        let token = AccessToken()
        let secret = token.text.suffix(43)
        #expect(!"\(token)".contains(secret))
        #expect(!String(reflecting: token).contains(secret))
        let key = AccessKey(for: token, name: "a", scopes: [.infer], createdAt: .now)
        #expect(!String(reflecting: key).contains(secret))
    }

    @Test func `a key is shown by its own token alone`() throws {
        let token = AccessToken()
        let key = AccessKey(for: token, name: "a", scopes: [.infer], createdAt: .now)
        #expect(key.isShown(by: token))
        #expect(!key.isShown(by: AccessToken()))
        // The right id with another secret, and the right secret with another id.
        let (id, secret) = (token.keyID, token.text.suffix(43))
        let wrongSecret = try #require(AccessToken("roost_\(id)_\(String(secret.reversed()))"))
        #expect(!key.isShown(by: wrongSecret))
        let wrongID = try #require(AccessToken("roost_\(String(id.reversed()))_\(secret)"))
        #expect(!key.isShown(by: wrongID))
    }

    @Test(arguments: [
        ("90d", 7_776_000), ("12h", 43200), ("30m", 1800), ("2w", 1_209_600), ("1m", 60), ("36500d", 3_153_600_000),
    ])
    func `lifetimes are read`(text: String, seconds: Int) throws {
        let lifetime = try #require(KeyLifetime(text))
        #expect(lifetime == .seconds(seconds))
        #expect(KeyLifetime(lifetime.description) == lifetime)
        let start = Date(timeIntervalSince1970: 1000)
        #expect(lifetime.end(from: start) == Date(timeIntervalSince1970: Double(1000 + seconds)))
    }

    @Test(arguments: [
        "", "0d", "d", "5", "-1d", "+1d", "1.5h", "5y", "36501d", "99999999999999999999d", "1 d", "Never",
    ])
    func `other lifetimes are not`(text: String) {
        #expect(KeyLifetime(text) == nil)
    }

    @Test func `never has no end`() {
        #expect(KeyLifetime("never") == .unlimited)
        #expect(KeyLifetime.unlimited.end(from: .now) == nil)
    }

    @Test(arguments: [
        ("gemma3:latest", "gemma3:latest", true), ("gemma3*", "gemma3:4b", true), ("gemma3*", "gemma3", true),
        ("*", "anything/at:all", true), ("GEMMA*", "gemma3:4b", true), ("gemma?:4b", "Gemma3:4B", true),
        ("hf.co/acme/*", "hf.co/acme/model:Q4_K_M", true), ("*:4b", "a:b:4b", true), ("a*b*c", "axxbyyc", true),
        ("a*b*c", "axxcyyb", false), ("gemma?", "gemma", false), ("gemma", "gemma3", false), ("ma3", "gemma3", false),
        ("gemma3*", "notgemma3", false), ("hf.co/acme/*", "hf.co/other/m:a", false), ("?*", "", false),
        ("**a", "ba", true),
    ])
    func `patterns match whole names`(pattern: String, name: String, matches: Bool) throws {
        #expect(try #require(ModelPattern(pattern)).matches(name) == matches)
    }

    @Test func `a pattern of many stars takes no more time than both lengths`() throws {
        let pattern = try #require(ModelPattern(String(repeating: "a*", count: 120) + "b"))
        // A matcher that tries all ways would not end.
        #expect(!pattern.matches(String(repeating: "a", count: 255)))
    }

    @Test(arguments: ["", "a b", "a\n", "ä", "a;b", String(repeating: "a", count: 256), "[a]"])
    func `what is no pattern is refused`(text: String) {
        #expect(ModelPattern(text) == nil)
    }

    @Test(arguments: [
        ("https://chat.example", "https://chat.example"), ("HTTPS://Chat.Example:443", "https://chat.example"),
        ("http://localhost:3000", "http://localhost:3000"), ("http://localhost:80", "http://localhost"),
        ("http://[::1]:80", "http://[::1]"), ("app://obsidian.md", "app://obsidian.md"),
        ("tauri://localhost", "tauri://localhost"), ("https://chat.example:80", "https://chat.example:80"),
    ])
    func `origins are read`(text: String, description: String) {
        #expect(WebOrigin(text)?.description == description)
    }

    @Test(arguments: [
        "null", "", "*", "https://*", "https://*.example", "chat.example", "https://chat.example/", "https://",
        "https://chat.example/path", "https://user@chat.example", "https://chat.example:", "https://chat.example:x",
        "https://chat.example:70000", "https://chat.example:+1", "https://a b", "://a", "https://[::1",
        "https://[::1]x",
        "https://chat.example, https://b.example", "1http://a",
    ])
    func `what is not one origin is none`(text: String) {
        #expect(WebOrigin(text) == nil)
    }
}
