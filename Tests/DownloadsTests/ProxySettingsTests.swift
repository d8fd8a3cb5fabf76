import Foundation
import Testing

@testable import Downloads

@Suite struct ProxySettingsTests {
    private func server(_ variables: [String: String], _ url: String) throws -> String? {
        let url = try #require(URL(string: url))
        return try ProxySettings.fromEnvironment(variables).server(for: url)?.description
    }

    @Test func theVariableForTheSchemeGoesFirstAndLowerCaseBeforeUpper() throws {
        let all = ["HTTPS_PROXY": "a:1", "https_proxy": "b:2", "HTTP_PROXY": "c:3", "ALL_PROXY": "socks5://d:4"]
        #expect(try server(all, "https://x.example/") == "http://b:2")
        #expect(try server(["ALL_PROXY": "socks5h://d"], "https://x.example/") == "socks://d:1080")
        #expect(try server(["HTTP_PROXY": "c:3"], "https://x.example/") == nil)
        #expect(try server(["HTTP_PROXY": "c:3"], "http://x.example/") == "http://c:3")
        #expect(try server(["HTTPS_PROXY": ""], "https://x.example/") == nil)
        #expect(try server(["HTTPS_PROXY": "http://[::1]:8080"], "https://x.example/") == "http://::1:8080")
    }

    @Test(arguments: ["https://127.0.0.1/", "https://localhost/", "https://[::1]/"])
    func thisMachineIsReachedDirectly(_ url: String) throws {
        #expect(try server(["ALL_PROXY": "p:1"], url) == nil)
    }

    @Test func aPasswordIsNeverShown() throws {
        let url = try #require(URL(string: "https://x.example/"))
        let server = try ProxySettings.fromEnvironment(["HTTPS_PROXY": "http://me:canary%21@p:1"]).server(for: url)
        #expect(server?.user == "me" && server?.password == "canary!")
        #expect(server?.description == "http://p:1")
    }

    @Test(arguments: ["gopher://p:1", "http://", "https://p:1", "socks5://me:pw@p:1", "http://p:99999"])
    func aValueThatIsNoProxyIsAnError(_ text: String) throws {
        #expect(throws: DownloadError.self) { try server(["HTTPS_PROXY": text], "https://x.example/") }
    }

    static let exceptions: [(word: String, host: String, port: Int, covers: Bool)] = [
        ("*", "anything.example", 443, true),
        ("example.com", "example.com", 443, true), ("example.com", "a.example.com", 443, true),
        ("example.com", "notexample.com", 443, false), ("example.com", "example.com.evil", 443, false),
        (".example.com", "a.example.com", 443, true), ("*.example.com", "a.example.com", 443, true),
        ("EXAMPLE.com", "Example.COM.", 443, true), ("example.com:8443", "example.com", 443, false),
        ("example.com:8443", "example.com", 8443, true), ("10.1.2.3", "10.1.2.3", 443, true),
        ("10.1.2.3", "10.1.2.30", 443, false), ("10.1.2.3:80", "10.1.2.3", 443, false),
        ("10.0.0.0/8", "10.255.0.1", 443, true), ("10.0.0.0/8", "11.0.0.1", 443, false),
        ("10.128.0.0/9", "10.127.0.1", 443, false), ("10.128.0.0/9", "10.200.0.1", 443, true),
        ("0.0.0.0/0", "8.8.8.8", 443, true), ("fd00::/8", "fd12::1", 443, true), ("fd00::/8", "10.0.0.1", 443, false),
        ("[fd00::1]:443", "fd00::1", 443, true), ("fd00::1", "[fd00::1]", 443, true),
    ]

    @Test(arguments: exceptions.indices)
    func whatGoesAroundTheProxy(_ index: Int) throws {
        let row = Self.exceptions[index]
        let exception = try #require(ProxyException(row.word))
        #expect(exception.covers(host: row.host, port: row.port) == row.covers, "\(row)")
    }

    @Test(arguments: ["", "10.0.0.0/33", "a/b", "example.com:0", "example.com:x", "."])
    func aWordThatIsNoneIsLeftOut(_ word: String) { #expect(ProxyException(word) == nil) }
}
