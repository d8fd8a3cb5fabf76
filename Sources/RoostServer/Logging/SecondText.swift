import Synchronization

/// The text of a second, kept until the next one: many lines and answers fall into the same.
final class SecondText: Sendable {
    private let last = Mutex<(second: Int, text: String)>((.min, ""))
    private let make: @Sendable (Int) -> String

    /// `make` writes a second since 1970.
    init(_ make: @escaping @Sendable (Int) -> String) { self.make = make }

    /// The text of a second since 1970.
    func text(_ second: Int) -> String {
        last.withLock { last in
            if last.second != second { last = (second, make(second)) }
            return last.text
        }
    }
}
