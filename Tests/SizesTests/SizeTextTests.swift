import Sizes
import Testing

@Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_930_000_000, "1.93 GB"), (253_100_000, "253 MB"), (999_600, "1 MB"),
    (9_996_000, "10 MB"), (12_340, "12.3 kB"), (Int64.max, "9.22 EB"),
])
func sizesAreDecimalWithThreeDigits(byteCount: Int64, text: String) {
    #expect(SizeText.text(byteCount) == text)
}

@Test(arguments: [
    ("8GiB", 8_589_934_592), ("6G", 6e9), ("1.5 MB", 1.5e6), ("1073741824", 1_073_741_824), ("2t", 2e12), ("0", 0),
    ("500k", 500_000), ("20Mi", 20_971_520), ("0.5", 0.5),
])
func sizesAreReadAsPeopleWriteThem(text: String, byteCount: Double) {
    #expect(SizeText.byteCount(in: text) == byteCount)
}

@Test(arguments: ["", "G", "Gi", "5X", "5i", "-1G", "1e9", "1..2", "0x10", "inf", "nan", "٣G", "1,5G"])
func whatIsNoSizeIsRefused(text: String) {
    #expect(SizeText.byteCount(in: text) == nil)
}
