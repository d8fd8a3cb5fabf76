import Foundation
import Terminal
import Testing

@Suite struct HumanReadableTests {
    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1234, "1.23 kB"), (253_113_024, "253 MB"), (999_499, "999 kB"),
            (999_500, "1 MB"), (1_930_000_000, "1.93 GB"), (12_345_678_901, "12.3 GB"), (Int64.max, "9.22 EB"),
            (-1500, "-1.5 kB"),
        ] as [(Int64, String)])
    func bytesHaveThreeDigits(count: Int64, expected: String) { #expect(HumanReadable.bytes(count) == expected) }

    @Test(
        arguments: [
            (999, "999"), (268_098_176, "268M"), (1_235_814_432, "1.24B"), (8_030_261_248, "8.03B"),
            (671_000_000_000, "671B"),
        ] as [(Int64, String)])
    func countsHaveThreeDigits(count: Int64, expected: String) { #expect(HumanReadable.count(count) == expected) }

    @Test(
        arguments: [
            (.zero, "0 s"), (.microseconds(340), "340 µs"), (.microseconds(12_500), "12.5 ms"),
            (.milliseconds(1250), "1.25 s"),
            (.milliseconds(999), "999 ms"), (.microseconds(999_900), "1 s"), (.seconds(59), "59 s"),
            (.seconds(60), "1 m 00 s"),
            (.seconds(125), "2 m 05 s"), (.seconds(12_000), "3 h 20 m"), (.seconds(90_000 * 10), "10 d 10 h"),
            (.milliseconds(-20), "-20 ms"),
        ] as [(Duration, String)])
    func durationsAreShort(duration: Duration, expected: String) {
        #expect(HumanReadable.duration(duration) == expected)
    }

    @Test(arguments: [
        (0.0, "now"), (-180.0, "3 minutes ago"), (-60.0, "1 minute ago"), (300.0, "5 minutes from now"),
        (-86_400.0 * 3, "3 days ago"), (-1.0, "1 second ago"), (-3.2e7, "1 year ago"), (-1e300, "31709791 years ago"),
    ])
    func timesAreRelative(seconds: Double, expected: String) {
        let now = Date(timeIntervalSince1970: 1_000_000_000)
        #expect(HumanReadable.relative(now.addingTimeInterval(seconds), to: now) == expected)
    }
}
