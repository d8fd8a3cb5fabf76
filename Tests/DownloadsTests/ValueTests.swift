import Foundation
import NIOHTTP1
import Security
import Testing

@testable import Downloads

/// The parts that need neither network nor disk.
@Suite struct ValueTests {
    @Test(
        arguments: [
            ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
        ] as [(String, UInt64)])
    func theChecksumIsXXH64(_ text: String, _ expected: UInt64) {
        #expect(Array(text.utf8).withUnsafeBytes { XXHash64.of($0) } == expected)
    }

    @Test func aContentRangeIsReadStrictly() throws {
        let whole = try #require(ContentRange("bytes 0-0/1"))
        #expect(whole.range == 0..<1 && whole.total == 1)
        let open = try #require(ContentRange("Bytes 5-9/*"))
        #expect(open.range == 5..<10 && open.total == nil)
        let none = try #require(ContentRange("bytes */77"))
        #expect(none.range == nil && none.total == 77)
        for text in [
            "", "bytes", "bytes 0-0", "bytes */*", "bytes 9-5/10", "bytes 0-10/10", "bytes -1-5/10", "bytes +0-5/10",
            "items 0-5/10", "bytes 0-5/10/11", "bytes 0-99999999999999999999/*", "bytes 0 - 5/10",
            "bytes 0-9223372036854775807/*",
        ] {
            #expect(ContentRange(text) == nil, "\(text)")
        }
    }

    @Test func bothFormsOfRetryAfterAreRead() {
        let now = Date(timeIntervalSince1970: 784_111_777)
        #expect(RetryAfter.httpDate("Sun, 06 Nov 1994 08:49:37 GMT") == now)
        #expect(RetryAfter.httpDate("Thu, 29 Feb 2024 00:00:00 GMT")?.timeIntervalSince1970 == 1_709_164_800)
        #expect(RetryAfter.httpDate("Sun, 06 Nov 1994 25:49:37 GMT") == nil)
        #expect(RetryAfter.httpDate("tomorrow") == nil)
        func wait(_ headers: HTTPHeaders) -> Duration? { RetryAfter.duration(in: headers, now: now) }
        #expect(wait(["Retry-After": "7"]) == .seconds(7))
        #expect(wait(["Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT"]) == .seconds(10))
        #expect(wait(["Retry-After": "Sun, 06 Nov 1994 08:49:07 GMT"]) == .zero)
        #expect(
            wait(["Retry-After": "Sun, 06 Nov 1994 08:59:47 GMT", "Date": "Sun, 06 Nov 1994 08:59:46 GMT"])
                == .seconds(1))
        #expect(wait(["Retry-After": "99999999"]) == RetryAfter.longest)
        #expect(wait(["RateLimit": "\"api\";r=0;t=55"]) == .seconds(55))
        #expect(wait(["RateLimit": "\"api\";r=3;t=55"]) == nil)
        #expect(wait(["Retry-After": "-1"]) == nil)
        #expect(wait([:]) == nil)
    }

    @Test func waitsGrowToTheirCapAndRespectTheServer() {
        let longest = Backoff(base: .milliseconds(500), cap: .seconds(30), random: { 1 })
        #expect([1, 2, 3, 7, 8, 1000].map { longest.delay(attempt: $0).inSeconds } == [0.5, 1, 2, 30, 30, 30])
        let shortest = Backoff(base: .seconds(1), cap: .seconds(30), random: { 0 })
        #expect(shortest.delay(attempt: 5) == .zero)
        #expect(shortest.delay(attempt: 1, atLeast: .seconds(9)) == .seconds(9))
    }

    @Test func aJournalReadsBackAndAnyDamageIsSeen() throws {
        var map = BlockMap(byteCount: 100_001, blockByteCount: 10_000)
        for block in [0, 1, 4, 10] { map.land(block, checksum: UInt64(block) &* 0x9E37_79B9_7F4A_7C15) }
        let journal = Journal(key: Digest.of([1]), map: map, validator: "\"tag\"")
        let bytes = journal.encoded()
        #expect(Journal(decoding: bytes) == journal)
        for count in 0..<bytes.count { #expect(Journal(decoding: Array(bytes.prefix(count))) == nil) }
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(bit)
                #expect(Journal(decoding: damaged) == nil)
            }
        }
        #expect(Journal(decoding: bytes + [0]) == nil)
    }

    @Test func aJournalThatDeclaresAHugeFileAllocatesNothing() {
        var bytes = Array("ROOSTJ01".utf8) + Array(Digest.of([]).hexadecimal.utf8)
        bytes += [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 0, 0, 0, 0, 0]
        bytes += Digest.of(bytes).hexadecimal.utf8
        #expect(Journal(decoding: bytes) == nil)
    }

    @Test func aBlockMapCountsWhatLandsAndWhatIsLost() {
        var map = BlockMap(byteCount: 25, blockByteCount: 10)
        #expect(map.blockCount == 3 && map.range(of: 2) == 20..<25)
        map.land(2, checksum: 1)
        #expect(map.landedByteCount == 5 && map.frontier == 0)
        map.land(0, checksum: 2)
        map.land(0, checksum: 3)
        #expect(map.checksums[0] == 2 && map.frontier == 1)
        map.land(1, checksum: 4)
        #expect(map.isComplete && map.landedByteCount == 25)
        map.lose(1)
        #expect(map.frontier == 1 && map.landedByteCount == 15 && !map.isComplete)
        #expect(BlockMap(byteCount: 0, blockByteCount: 10).isComplete)
    }

    @Test func aTokenBelongsToOneOrigin() throws {
        let home = try #require(URL(string: "https://Hub.example/api"))
        let token = try #require(BearerToken("abc", for: home))
        for (text, belongs) in [
            ("https://hub.example:443/x", true), ("https://hub.example:8443/x", false), ("http://hub.example/x", false),
            ("https://hub.example.evil/x", false), ("https://cdn.hub.example/x", false),
        ] {
            #expect(token.belongs(to: try #require(URL(string: text))) == belongs, "\(text)")
        }
        #expect(BearerToken("a\r\nb", for: home) == nil && BearerToken("", for: home) == nil)
    }

    @Test func everyErrorIsOneSentence() {
        let errors: [DownloadError] = [
            .noSource, .insecureURL("http://a/"), .stalled("https://a/", after: .seconds(30)),
            .wrongSize("https://a/", expected: 1, found: 2), .io(path: "/x", operation: "open", code: 13),
            .rateLimited("https://a/", retryAfter: .seconds(5)), .cancelled,
        ]
        for error in errors {
            #expect(error.description.hasSuffix(".") && !error.description.contains("\n"))
        }
    }
}
