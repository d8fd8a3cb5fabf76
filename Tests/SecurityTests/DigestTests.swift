import Foundation
import Security
import Testing

@Suite("A digest")
struct DigestTests {
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("is made from sha256: and 64 lower-case digits, and written the same way")
    func roundTrip() throws {
        let digest = try #require(Digest("sha256:" + Self.empty))
        #expect(digest.description == "sha256:" + Self.empty)
        #expect(digest.hexadecimal == Self.empty)
        #expect(digest.fileName == "sha256-" + Self.empty)
        #expect(digest.short == "e3b0c44298fc")
        let decoded = try JSONDecoder().decode([Digest].self, from: JSONEncoder().encode([digest]))
        #expect(decoded == [digest])
    }

    @Test(
        "is never made from anything else",
        arguments: [
            "", "sha256:", "sha256-" + empty, empty, "sha256:" + empty.uppercased(), "sha256:" + empty.dropLast(),
            "sha256:" + empty + "0", "sha256:../../../../etc/passwd", "sha256:" + String(repeating: "/", count: 64),
            "sha256:" + String(repeating: "٣", count: 32), "SHA256:" + empty, " sha256:" + empty,
            "sha256:" + empty + "\n",
            "sha512:" + empty, "sha256:" + empty.dropLast() + "\0",
        ])
    func refusal(text: String) {
        #expect(Digest(text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Digest].self, from: JSONEncoder().encode([text]))
        }
    }

    @Test("is made from exactly 32 bytes")
    func bytes() throws {
        let digest = try #require(Digest(bytes: [UInt8](0..<32)))
        #expect(digest.hexadecimal == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
        #expect(Digest(bytes: [UInt8](0..<31)) == nil)
        #expect(Digest(bytes: [UInt8](0..<33)) == nil)
    }
}
