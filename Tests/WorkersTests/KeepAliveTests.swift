import Testing
import Workers

@Suite("Keep-alive")
struct KeepAliveTests {
    @Test(
        "Durations are read as Ollama's users write them",
        arguments: [
            ("300", KeepAlive.after(.seconds(300))), ("5m", .after(.seconds(300))), ("1h30m", .after(.seconds(5400))),
            ("1.5s", .after(.milliseconds(1500))), ("250ms", .after(.milliseconds(250))), ("0", .never),
            ("0s", .never), ("-1", .forever), ("-1m", .forever), ("+2s", .after(.seconds(2))),
            ("999999999999h", .forever),
        ])
    func reads(text: String, expected: KeepAlive) { #expect(KeepAlive(text) == expected) }

    @Test(
        "What is no duration is refused", arguments: ["", "m", "5x", "5 m", "--5", "5m-", "one", "٥m", "1..5s", "nan"])
    func refuses(text: String) { #expect(KeepAlive(text) == nil) }
}
