import Foundation
import NIOHTTP1
import Security
import Testing

@testable import ModelHubs

@Suite("Rules of the transport")
struct TransportRuleTests {
    @Test(
        "how long to wait is read from each form",
        arguments: [
            (["Retry-After": "7"], 7), (["Retry-After": "Sun, 06 Nov 1994 08:50:07 GMT"], 30),
            (["Retry-After": "Sun, 06 Nov 1994 08:00:00 GMT"], 0), (["RateLimit": "\"api\";r=0;t=55"], 55),
            (["RateLimit": "\"api\";r=3;t=55"], nil), (["Retry-After": "-5"], nil), (["Retry-After": "soon"], nil),
            (["Retry-After": "99999999999999999999"], nil), (["Retry-After": "999999999"], 86_400), ([:], nil),
        ] as [([String: String], Int?)])
    func rateLimit(headers: [String: String], seconds: Int?) throws {
        let now = try #require(HTTPDate.date(from: "Sun, 06 Nov 1994 08:49:37 GMT"))
        #expect(now.timeIntervalSince1970 == 784_111_777)
        #expect(RateLimit(HTTPHeaders(headers.map { ($0.key, $0.value) }), now: now)?.seconds == seconds)
    }

    @Test(
        "the next page is found among the links",
        arguments: [
            ("<https://h/api?cursor=2>; rel=\"next\"", "https://h/api?cursor=2"),
            ("</api?a=1,2>; rel=prev, </api?a=3>; title=\"x\"; rel=\"last next\"", "https://h/api?a=3"),
            ("<https://h/x>; rel=\"prev\"", nil), ("nonsense", nil), ("<", nil), ("<>; rel=next", nil),
        ] as [(String, String?)])
    func nextPage(value: String, expected: String?) throws {
        let url = try #require(URL(string: "https://h/api"))
        let next = LinkHeader.next(HTTPHeaders([("Link", value)]), of: url)?.absoluteString
        #expect(next == expected)
    }

    @Test(
        "an address tells its network, in whatever notation",
        arguments: [
            ("localhost", .loopback), ("127.8.9.1", .loopback), ("::1", .loopback), ("huggingface.co", .outside),
            ("127.0.0.1.evil.test", .outside), ("8.8.8.8", .outside), ("2606:4700::1111", .outside),
            ("10.0.0.1", .privateNetwork), ("172.31.0.1", .privateNetwork), ("192.168.0.1", .privateNetwork),
            ("fd00::1", .privateNetwork), ("printer.local", .privateNetwork), ("169.254.169.254", .special),
            ("2130706433", .special), ("0x7f000001", .special), ("127.1", .special), ("0177.0.0.1", .special),
            ("::ffff:169.254.169.254", .special), ("fe80::1", .special), ("0.0.0.0", .special),
            ("172.32.0.1", .outside), ("fd.example.com", .outside), ("0000:0000:0:0:0:ffff:7f00:1", .special),
            ("00::1", .loopback), ("::", .special), ("::7f00:1", .special), ("fe80::1%eth0", .special),
            ("fec0::1", .special), ("2002:7f00:1::", .special), ("2001::1", .special), ("64:ff9b::808:808", .outside),
            ("64:ff9b::a9fe:a9fe", .special), ("64:ff9b::0a00:1", .special), ("64:ff9b:1::1", .special),
            ("fc00::", .privateNetwork), ("ff02::1", .special), ("198.18.0.1", .special),
            ("100.64.0.1", .privateNetwork),
            ("nonsense::zz", .special),
        ] as [(String, NetworkReach)])
    func reach(host: String, expected: NetworkReach) { #expect(NetworkReach(ofHost: host) == expected) }

    @Test(
        "a redirect lowers no protection",
        arguments: [
            ("https://a/x", "https://b/y", true), ("https://a/x", "http://b/y", false),
            ("https://a/x", "http://127.0.0.1/y", false), ("http://127.0.0.1/x", "https://b/y", true),
            ("http://127.0.0.1/x", "http://localhost:8/y", true), ("https://a/x", "https://10.0.0.1/y", false),
            ("https://a/x", "https://169.254.169.254/y", false), ("https://10.0.0.1/x", "https://10.0.0.2/y", true),
            ("https://a/x", "file:///etc/passwd", false), ("https://a/x", "https://127.0.0.1/y", false),
            ("http://127.0.0.1/x", "http://169.254.169.254/y", false),
        ])
    func redirects(from: String, to: String, isFollowed: Bool) async throws {
        let source = try #require(URL(string: from))
        let target = try #require(URL(string: to))
        let reach = try #require(Origin(source)).reach
        try await HubFixture.run { transport, _ in
            var transport = transport
            transport.addresses.resolver = .proxied
            if isFollowed {
                _ = try await transport.check(redirectFrom: source, reach, to: target)
            } else {
                await #expect(throws: ModelHubError.self) {
                    try await transport.check(redirectFrom: source, reach, to: target)
                }
            }
        }
    }

    @Test("a token goes to its own origin and shows nowhere")
    func credential() throws {
        let url = try #require(URL(string: "https://hub.example/api"))
        let origin = try #require(Origin(url))
        let credential = try #require(OriginCredential(token: "hf_canary", origin: origin))
        #expect(credential.authorization(for: url) == "Bearer hf_canary")
        for other in [
            "https://hub.example:8443/api", "http://hub.example/api", "https://hub.example.evil/api",
            "https://cdn.hub.example/x", "https://evil/https://hub.example",
        ] {
            let elsewhere = try #require(URL(string: other))
            #expect(credential.authorization(for: elsewhere) == nil)
        }
        var dumped = ""
        dump(FileSource(url: url, hub: .huggingFace, credential: credential), to: &dumped)
        for text in [
            dumped, "\(credential)", String(reflecting: credential),
            "\(FileSource(url: url, hub: .huggingFace, credential: credential))",
        ] {
            #expect(!text.contains("canary"))
        }
        let address = try #require(URL(string: "http://hub.example"))
        let plain = try #require(Origin(address))
        #expect(OriginCredential(token: "hf_canary", origin: plain) == nil)
        let secure = try #require(Origin(url))
        #expect(OriginCredential(token: "two\r\nlines", origin: secure) == nil)
    }
}
