import Security
import Testing

@Suite("HMAC-SHA256")
struct MessageAuthenticationTests {
    /// RFC 4231, test cases 1 to 3, their keys padded with zeros to 32 bytes: HMAC pads keys with zeros itself.
    @Test(
        "The RFC's vectors",
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
        ])
    func vectors(key: [UInt8], content: [UInt8], expected: String) throws {
        let key = try #require(MessageAuthentication.Key(key + [UInt8](repeating: 0, count: 32 - key.count)))
        var code = MessageAuthentication(key)
        for byte in content { code.update([byte]) }
        #expect(Digest(bytes: code.finish())?.hexadecimal == expected)
        #expect(code.isValid(code.finish()))
    }

    @Test("A code with any bit flipped, cut or lengthened, is not valid; nor is that of other content or another key")
    func refuses() {
        let key = MessageAuthentication.Key()
        var code = MessageAuthentication(key)
        code.update("content".utf8)
        let right = code.finish()
        for bit in 0..<right.count * 8 {
            var wrong = right
            wrong[bit / 8] ^= 1 << (bit % 8)
            #expect(!code.isValid(wrong))
        }
        #expect(!code.isValid(right.dropLast()))
        #expect(!code.isValid(right + [0]))
        #expect(!code.isValid([]))
        var other = MessageAuthentication(key)
        other.update("Content".utf8)
        #expect(!other.isValid(right))
        var foreign = MessageAuthentication(MessageAuthentication.Key())
        foreign.update("content".utf8)
        #expect(!foreign.isValid(right))
    }

    @Test("A key has 32 bytes and is random when new")
    func key() {
        #expect(MessageAuthentication.Key([UInt8](repeating: 1, count: 31)) == nil)
        #expect(MessageAuthentication.Key([UInt8](repeating: 1, count: 33)) == nil)
        #expect(MessageAuthentication.Key().bytes.count == 32)
        #expect(MessageAuthentication.Key().bytes != MessageAuthentication.Key().bytes)
    }
}
