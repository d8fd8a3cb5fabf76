import Foundation
import Security

extension Vault {
    /// Finishes or undoes what processes that died left half done. Live processes' work is not touched. Call it under
    /// the lock.
    func recover() throws {
        for folder in try ImportWorkspace.all(in: layout.partial) where try !ImportWorkspace.isAlive(folder) {
            try ImportWorkspace.remove(folder)
        }
        // Under the lock nothing of a live process is unsettled.
        for digest in try database.readBlocking({ try $0.unsettledDigests() }) {
            if try database.readBlocking({ try $0.blob(digest) }) == nil {
                try FileSystem.unlinkFile(layout.blob(digest).path)
            }
            try FileSystem.synchronizeFolder(layout.blobs.path)
            try database.writeBlocking { try $0.markSettled(digest) }
        }
    }
}
