import Foundation

/// Puts files aside that were brought here for the store and are not what they should be.
struct Quarantine: Sendable {
    let vault: Vault

    static let reasonSuffix = ".reason.txt"

    /// Moves the file that `error` speaks of, if it was to be taken over, and gives the error that says where it is.
    func take(_ files: [IntakeFile], after error: any Error) throws -> ModelStoreError? {
        let (path, reason): (String, String)
        switch error as? ModelStoreError {
        case .invalidModel(let wrong, let why): (path, reason) = (wrong, why)
        case .contentMismatch(let wrong, let expected, let found):
            (path, reason) = (wrong, "its content is \(found) instead of \(expected)")
        case .wrongSize(let wrong, _, let expected, let found):
            (path, reason) = (wrong, "it has \(found) bytes instead of \(expected)")
        default: return nil
        }
        guard let file = files.first(where: { $0.takenOverPath == path }),
            let status = try FileSystem.status(of: path, followingLinks: false), status.kind == .file
        else { return nil }
        let folder = try vault.folder(near: status, try vault.folders()).quarantine
        let place = folder.appendingPathComponent(URL(fileURLWithPath: path).lastPathComponent, isDirectory: false)
        // The reason first: a file in quarantine is never without one.
        let note = "\(file.name)\n\(file.source ?? "unknown source")\n\(reason)\n"
        try FileSystem.writeFile(place.path + Self.reasonSuffix, Array(note.utf8))
        try FileSystem.rename(path, to: place.path)
        try FileSystem.synchronizeFolder(folder.path)
        return .quarantined(name: file.name, path: place.path, reason: reason)
    }
}
