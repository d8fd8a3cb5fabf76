import Foundation

/// A key that goes to one engine's origin and to nothing else: never into logs, messages or dumps.
public struct EngineKey: Sendable, Hashable {
    private let secret: String

    /// The longest key, in bytes.
    public static let maximumByteCount = 4096

    /// `nil` when the text, without white space around it, is empty, longer than 4096 bytes or has other characters
    /// than visible ASCII.
    public init?(_ text: String) {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...Self.maximumByteCount).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        secret = text
    }

    /// The value of `Authorization`.
    var authorization: String { "Bearer " + secret }

    /// A text that came from the engine, without the key should it repeat it.
    func removed(from text: String) -> String {
        secret.utf8.count >= 4 ? text.replacingOccurrences(of: secret, with: "…") : text
    }
}

extension EngineKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the key.
    public var description: String { "a key" }
    /// Never the key.
    public var debugDescription: String { description }
    /// Keeps the key out of dumps.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
