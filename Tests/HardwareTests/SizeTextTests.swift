import Hardware
import Testing

@Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_930_000_000, "1.93 GB"), (253_100_000, "253 MB"), (999_600, "1 MB"),
    (9_996_000, "10 MB"), (12_340, "12.3 kB"), (Int64.max, "9.22 EB"),
])
func sizesAreDecimalWithThreeDigits(byteCount: Int64, text: String) {
    #expect(SizeText.text(byteCount) == text)
}
