/// A model's name as people say it: `tinyllama`, `llama3.2:1b`. The catalog knows it, or else Ollama's library.
public struct ShortName: Hashable, Sendable, LosslessStringConvertible {
    /// The part before the colon.
    public let name: String
    /// The part after it; `nil` when there is none.
    public let tag: String?

    /// Reads `name` or `name:tag`; `nil` when a part breaks the rules of ``OllamaReference``.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy(OllamaReference.isPart) else { return nil }
        name = parts[0]
        tag = parts.count == 2 ? parts[1] : nil
    }

    /// `name` or `name:tag`, as it was read.
    public var description: String { name + (tag.map { ":" + $0 } ?? "") }

    /// The model of Ollama's library with this name.
    public var libraryModel: OllamaReference? {
        OllamaReference(model: name, tag: tag ?? OllamaReference.defaultTag)
    }
}
