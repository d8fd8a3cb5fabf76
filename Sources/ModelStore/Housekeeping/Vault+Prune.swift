import Foundation
import GRDB
import Security

extension Vault {
    /// Removes what a plan lists, as far as it may still go. Returns the bytes that were given back.
    func perform(_ plan: PrunePlan, _ cancellation: Cancellation) throws -> Int64 {
        try lock.withLock(cancellation) {
            var freed: Int64 = 0
            for item in plan.items {
                try cancellation.check()
                let isGone =
                    switch item.kind {
                    case .unreferenced: try removeUnreferenced(item)
                    case .unfinishedImport: try removeWorkspaces(item)
                    case .incoming, .partialDownload, .quarantined: try removeFiles(item)
                    case .cachedHeader: try removeCached(item)
                    case .unknownBlob: try removeUnknown(item)
                    }
                if isGone { freed += item.byteCount }
            }
            return freed
        }
    }

    private func removeUnreferenced(_ item: PrunePlan.Item) throws -> Bool {
        let digests = item.paths.compactMap {
            FolderLayout.digest(ofFileNamed: URL(fileURLWithPath: $0).lastPathComponent)
        }
        let released = try database.writeBlocking { try $0.releaseUnused(digests) }
        try settleRemoval(of: released, unlinked: .contentUnlinked, settled: .removalSettled)
        return !released.isEmpty
    }

    private func removeWorkspaces(_ item: PrunePlan.Item) throws -> Bool {
        for path in try ownPaths(item, \.partial) {
            let folder = URL(fileURLWithPath: path, isDirectory: true)
            guard folder.lastPathComponent.hasPrefix(ImportWorkspace.prefix), try !ImportWorkspace.isAlive(folder)
            else { return false }
            try ImportWorkspace.remove(folder)
        }
        return true
    }

    /// Holds the files' locks while they go: whoever wants to go on with one of them waits, or is left alone.
    private func removeFiles(_ item: PrunePlan.Item) throws -> Bool {
        let paths = try ownPaths(
            item, item.kind == .incoming ? \.incoming : item.kind == .quarantined ? \.quarantine : \.partial)
        let files = try paths.filter { try FileSystem.status(of: $0, followingLinks: false)?.kind == .file }
            .map { try OpenFile.reading($0) }
        guard try files.allSatisfy({ try $0.tryLock() }) else { return false }
        for file in files { try FileSystem.unlinkFile(file.path) }
        return true
    }

    /// Only what is directly in the cache: a plan may come from anywhere.
    private func removeCached(_ item: PrunePlan.Item) throws -> Bool {
        let cache = layout.headerCache.standardizedFileURL.path
        var isGone = false
        for path in item.paths
        where URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path == cache {
            isGone = try FileSystem.unlinkFile(path) || isGone
        }
        return isGone
    }

    private func removeUnknown(_ item: PrunePlan.Item) throws -> Bool {
        for path in try ownPaths(item, \.blobs) {
            guard let digest = FolderLayout.digest(ofFileNamed: URL(fileURLWithPath: path).lastPathComponent) else {
                return false
            }
            // It may have been adopted since.
            let blob = try database.readBlocking { try $0.blob(digest) }
            if let blob, try folders()[blob.folder]?.blob(digest).path == path { return false }
            try FileSystem.unlinkFile(path)
        }
        return true
    }

    /// The paths that are directly in that part of a model folder: a plan may come from anywhere.
    private func ownPaths(_ item: PrunePlan.Item, _ part: KeyPath<FolderLayout, URL>) throws -> [String] {
        let parents = Set(try folders().all.map { $0[keyPath: part].standardizedFileURL.path })
        return item.paths.filter {
            parents.contains(URL(fileURLWithPath: $0).standardizedFileURL.deletingLastPathComponent().path)
        }
    }
}
