/// A model in a repository of the Hugging Face Hub or of a mirror of it.
public struct HuggingFaceReference: Hashable, Sendable {
    /// Which of the repository's files is meant.
    public enum Selection: Hashable, Sendable {
        /// The one that suits most: see ``ModelVariant/choose(_:from:in:)``.
        case automatic
        /// The one with this quantization, such as `Q4_K_M`, in any letter case.
        case quantization(String)
        /// This file, or the split model that it is a part of.
        case file(RepositoryPath)
    }

    /// The repository.
    public var repository: RepositoryName
    /// A branch, tag or commit; `nil` for the newest of the main branch.
    public var revision: String?
    /// Which file.
    public var selection: Selection

    /// A reference made of its parts.
    public init(repository: RepositoryName, revision: String? = nil, selection: Selection = .automatic) {
        self.repository = repository
        self.revision = revision
        self.selection = selection
    }

    /// Whether the text can be a branch, tag or commit: `main`, `v1.0`, `refs/pr/3`, 40 hexadecimal digits.
    public static func isRevision(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                guard let first = part.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else {
                    return false
                }
                return part.utf8.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "+") } && !part.contains("..")
            }
    }
}

extension HuggingFaceReference: CustomStringConvertible {
    /// `hf.co/owner/name[@revision][:selection]`, which reads back to the same reference.
    public var description: String {
        var text = "hf.co/\(repository)"
        if let revision { text += "@" + revision }
        switch selection {
        case .automatic: return text
        case .quantization(let label): return text + ":" + label
        case .file(let path): return text + ":" + path.description
        }
    }
}
