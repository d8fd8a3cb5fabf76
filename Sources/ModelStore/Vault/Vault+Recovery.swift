import Foundation
import Security

extension Vault {
    /// Finishes or undoes what processes that died left half done. Live processes' work is not touched. Call it under
    /// the lock.
    func recover() throws {
        for layout in try folders().all where try layout.isAvailable() {
            for folder in try ImportWorkspace.all(in: layout.partial) where try !ImportWorkspace.isAlive(folder) {
                try ImportWorkspace.remove(folder)
            }
        }
        // Under the lock nothing of a live process is unsettled.
        let unsettled = try database.readBlocking { try $0.unsettled() }
        if !unsettled.isEmpty { try settleFolders(unsettled) }
    }
}
