/// Why a pack of saved prefixes is not used, or was not written.
public enum PackError: Error, Sendable, Hashable {
    /// It is not a pack, was not finished, or was changed.
    case corrupt(reason: String)
    /// It was written for another model, engine or settings.
    case foreignKey
    /// Its format is not the one that this version of Roost writes.
    case unsupportedVersion(UInt32)
    /// The system refused.
    case system(operation: String, code: Int32)
    /// The file or folder is not one that Roost may trust.
    case untrusted(path: String, reason: String)
    /// What was to be saved is larger than the format or the folder allows.
    case tooLarge(byteCount: Int64, limit: Int64)
}

extension PackError: CustomStringConvertible {
    /// What happened, the value, and what to do, in one sentence.
    public var description: String {
        switch self {
        case .corrupt(let reason):
            "The saved prefixes are not used, because \(reason); they are computed again."
        case .foreignKey:
            "The saved prefixes belong to another model, engine or settings; they are computed again."
        case .unsupportedVersion(let version):
            "The saved prefixes have format \(version), and this Roost reads \(PackFormat.version); they are computed again."
        case .system(let operation, let code):
            "\(operation) saved prefixes failed (\(PackDescriptor.message(code))); check the disk that holds them."
        case .untrusted(let path, let reason):
            "\(path) is not used for saved prefixes: \(reason); set its owner and permissions, or remove it."
        case .tooLarge(let byteCount, let limit):
            "\(byteCount) bytes of prefixes were to be saved, and at most \(limit) are allowed; raise the limit."
        }
    }
}
