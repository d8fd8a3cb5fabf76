#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why keys could not be read or changed.
public enum AccessKeyError: Error, Sendable, Hashable {
    case invalidName(String)
    case nameTaken(String)
    case noScopes
    /// No key has this name or id; these are there.
    case unknownKey(String, names: [String])
    case tooMany(limit: Int)
    /// The file is not as Roost writes it.
    case malformed(path: String, reason: String)
    /// Others could have read or changed it; `remedy` is a command.
    case untrusted(path: String, reason: String, remedy: String)
    /// Another process has been changing the keys for too long.
    case busy(path: String)
    case system(operation: String, path: String, code: Int32)
}

extension AccessKeyError: CustomStringConvertible {
    /// What was wrong, the value, and what to do.
    public var description: String {
        switch self {
        case .invalidName(let name):
            "“\(name.prefix(80))” cannot name a key; a name has 1 to \(AccessKey.maximumNameLength) letters a-z and "
                + "A-Z, digits, “-”, “_” and “.”."
        case .nameTaken(let name):
            "There is a key “\(name)” already; choose another name, or revoke that one with “roost keys revoke "
                + "\(name)”."
        case .noScopes:
            "A key without a scope could do nothing; give it one of "
                + AccessScope.allCases.map(\.rawValue).joined(separator: ", ") + "."
        case .unknownKey(let text, let names):
            "There is no key “\(text.prefix(80))”; "
                + (names.isEmpty ? "there are none." : "there are: \(names.joined(separator: ", ")).")
        case .tooMany(let limit):
            "There are \(limit) keys, the most that are kept; revoke some with “roost keys revoke NAME”."
        case .malformed(let path, let reason):
            "The file of keys “\(path)” cannot be used: \(reason); restore it from a copy, or move it away and make "
                + "all keys anew."
        case .untrusted(let path, let reason, let remedy):
            "“\(path)” is not trusted with keys: \(reason); mend it with “\(remedy)”."
        case .busy(let path):
            "Another process holds “\(path)” to change keys; try again, or end that process."
        case .system(let operation, let path, let code):
            "\(operation) “\(path)” failed: \(String(cString: strerror(code)))."
        }
    }
}
