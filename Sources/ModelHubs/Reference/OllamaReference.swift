/// A model in Ollama's registry or in one that speaks its protocol.
public struct OllamaReference: Hashable, Sendable {
    /// The registry that a reference without a host means.
    public static let defaultHost = "registry.ollama.ai"
    /// The namespace of the models that Ollama itself publishes.
    public static let libraryNamespace = "library"
    /// The tag that a reference without one means.
    public static let defaultTag = "latest"

    /// The registry's host, in lower case, with a port when that is not the scheme's own.
    public let host: String
    /// The person or organisation; `library` for Ollama's own.
    public let namespace: String
    /// The model.
    public let model: String
    /// The variant: size, quantization or `latest`.
    public let tag: String

    /// `nil` when a part is empty, longer than 80 bytes (a host: 255), has other characters than letters, digits,
    /// `-`, `_` and `.`, does not begin with a letter, digit or `_`, or has `..` in it.
    public init?(
        host: String = OllamaReference.defaultHost, namespace: String = OllamaReference.libraryNamespace,
        model: String, tag: String = OllamaReference.defaultTag
    ) {
        guard Self.isHost(host), [namespace, model, tag].allSatisfy(Self.isPart) else { return nil }
        self.host = host.lowercased()
        self.namespace = namespace
        self.model = model
        self.tag = tag
    }

    static func isPart(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isASCIILetterOrDigit || first == UInt8(ascii: "_") else {
            return false
        }
        return text.utf8.count <= 80 && text.utf8.allSatisfy(\.isNameByte) && !text.contains("..")
    }

    static func isHost(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first, let first = name.utf8.first, first.isASCIILetterOrDigit,
            text.utf8.count <= 255, name.utf8.allSatisfy({ $0.isNameByte && $0 != UInt8(ascii: "_") }),
            !name.contains(".."), name.last != ".", name.last != "-"
        else { return false }
        guard parts.count == 2 else { return true }
        return parts[1].utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && UInt16(parts[1]).map { $0 > 0 } == true
    }
}

extension OllamaReference: CustomStringConvertible {
    /// `ollama.com/library/model:tag`, or with the host of another registry; reads back to the same reference.
    public var description: String {
        "\(host == Self.defaultHost ? "ollama.com" : host)/\(namespace)/\(model):\(tag)"
    }
}
