import Foundation
import Security

/// The files of one download. Every name is made from a digest: nothing that a server or a user writes names a path.
struct DownloadPaths: Sendable {
    let partialFolder: String
    private let key: Digest

    init(key: Digest, partialFolder: URL) {
        self.key = key
        self.partialFolder = partialFolder.path
    }

    var data: String { partialFolder + "/" + key.fileName + ".part" }
    var journal: String { partialFolder + "/" + key.fileName + ".journal" }
    var lock: String { partialFolder + "/" + key.fileName + ".lock" }

    /// Removes what an unfinished download left, unless someone works on it. Blocks for a few file
    /// calls, and for 100 ms when someone does.
    func discard() throws {
        guard FileCalls.isFolder(partialFolder), let lock = try DownloadLock.acquireSoon(lock) else { return }
        try JournalFile(path: journal, folder: partialFolder).remove()
        try FileCalls.remove(data)
        lock.removeFile()
    }
}
