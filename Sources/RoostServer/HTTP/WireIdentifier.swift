/// Names of things that a dialect makes: a prefix that says what it is, and 24 random bytes in hexadecimal.
enum WireIdentifier {
    static func make(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<3).map { _ in
            let word = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }
        return prefix + digits.joined()
    }
}
