import Security
import Testing

@Suite("XXH64")
struct XXHash64Tests {
    /// Made with the `xxhash` package of Python 3.
    @Test(
        "gives the values of the specification's own program",
        arguments: [
            ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
            ("The quick brown fox jumps over the lazy dog", 0x0B24_2D36_1FDA_71BC),
        ] as [(String, UInt64)])
    func known(text: String, expected: UInt64) {
        #expect(Array(text.utf8).withUnsafeBytes { XXHash64.of($0) } == expected)
    }

    @Test("says where a piece lies, the last one shorter")
    func ranges() {
        let pieces = PieceChecksums(pieceByteCount: 10, values: [1, 2, 3])
        #expect(pieces.range(ofPiece: 1, byteCount: 25) == 10..<20)
        #expect(pieces.range(ofPiece: 2, byteCount: 25) == 20..<25)
        #expect(pieces.range(ofPiece: 7, byteCount: 25) == 25..<25)
    }
}
