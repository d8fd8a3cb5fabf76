import Hardware
import Testing

@Suite("A limit of memory")
struct MemoryLimitTests {
    @Test(
        "Limits are read as people write them",
        arguments: [
            ("8GiB", .bytes(8 << 30)), ("6G", .bytes(6_000_000_000)), ("500MB", .bytes(500_000_000)),
            ("1.5 GiB", .bytes(1_610_612_736)), ("1073741824", .bytes(1 << 30)), ("2t", .bytes(2_000_000_000_000)),
            ("80%", .share(0.8)), ("100 %", .share(1)),
        ] as [(String, MemoryLimit)])
    func reads(text: String, expected: MemoryLimit) { #expect(MemoryLimit(text) == expected) }

    @Test(
        "What is no limit is refused", arguments: ["", "0", "0%", "101%", "-1G", "Gi", "5X", "5i", "1e9", "99999999T"])
    func refuses(text: String) { #expect(MemoryLimit(text) == nil) }
}
