/// A Hugging Face repository: `owner/name`.
public struct RepositoryName: Hashable, Sendable, Comparable, LosslessStringConvertible {
    /// The person or organisation.
    public let owner: String
    /// The repository's own name.
    public let name: String

    /// Reads `owner/name`; `nil` when a rule of ``init(owner:name:)`` is broken.
    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(owner: String(parts[0]), name: String(parts[1]))
    }

    /// The hub's rules: letters, digits, `-`, `_`, `.`; neither `--` nor `..`; no `-` or `.` at an end; at most 96
    /// bytes each; the name does not end in `.git`.
    public init?(owner: String, name: String) {
        guard Self.isPart(owner), Self.isPart(name), !name.hasSuffix(".git") else { return nil }
        self.owner = owner
        self.name = name
    }

    /// `owner/name`.
    public var description: String { owner + "/" + name }

    /// Alphabetical.
    public static func < (lhs: RepositoryName, rhs: RepositoryName) -> Bool { lhs.description < rhs.description }

    private static func isPart(_ text: String) -> Bool {
        guard (1...96).contains(text.utf8.count), text.utf8.allSatisfy(\.isNameByte) else { return false }
        guard let first = text.first, let last = text.last, !"-.".contains(first), !"-.".contains(last) else {
            return false
        }
        return !text.contains("--") && !text.contains("..")
    }
}

extension UInt8 {
    var isASCIILetterOrDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    /// What names on hubs are made of.
    var isNameByte: Bool {
        isASCIILetterOrDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") || self == UInt8(ascii: ".")
    }
}
