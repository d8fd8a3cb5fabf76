import Terminal

/// What can be wrong with a file that a conversation is written to or read from.
enum HistoryFileError: Error, Hashable, CustomStringConvertible {
    case notMade(path: String, exists: Bool, reason: String)
    case notWritten(path: String)
    case notRead(path: String)
    case tooLarge(path: String, byteCount: Int64, limit: Int64)

    /// One sentence: what was wrong and what to do.
    var description: String {
        switch self {
        case .notMade(let path, true, _):
            "There is a file “\(path.printable)” already; remove it or choose another name."
        case .notMade(let path, false, let reason):
            "The file “\(path.printable)” cannot be made: \(reason); check the path."
        case .notWritten(let path):
            "The file “\(path.printable)” cannot be written, perhaps the disk is full; it was removed."
        case .notRead(let path): "The file “\(path.printable)” cannot be read; check the path and its permissions."
        case .tooLarge(let path, let byteCount, let limit):
            "“\(path.printable)” has \(byteCount) bytes, but an exported conversation has at most \(limit)."
        }
    }
}
