/// A file's path inside a repository or folder: relative, with `/`, never leading out of it.
///
/// Listings come from other machines; only what is a `RepositoryPath` may name a file.
public struct RepositoryPath: Hashable, Sendable, Comparable, LosslessStringConvertible {
    /// The path's text.
    public let description: String

    /// The longest path, in bytes.
    public static let maximumByteCount = 1024

    /// `nil` for an empty, absolute or too long path, for empty, `.` and `..` components, for backslashes, and for
    /// characters that a reader does not see.
    public init?(_ description: String) {
        guard (1...Self.maximumByteCount).contains(description.utf8.count),
            !description.unicodeScalars.contains(where: { $0.isHidden || $0 == "\\" })
        else { return nil }
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }) else { return nil }
        self.description = description
    }

    /// The components between the slashes; at least one.
    public var components: [String] { description.split(separator: "/").map(String.init) }

    /// The last component.
    public var fileName: String { components.last ?? description }

    /// Everything before the last slash; empty at the top.
    public var folder: String { components.dropLast().joined(separator: "/") }

    /// Whether the name ends in `.gguf`, in any letter case.
    public var isGGUF: Bool { fileName.lowercased().hasSuffix(".gguf") }

    /// Alphabetical.
    public static func < (lhs: RepositoryPath, rhs: RepositoryPath) -> Bool { lhs.description < rhs.description }
}
