import Foundation
import GRDB
import Security

extension Vault {
    /// Looks for what may go. Changes nothing.
    func prunePlan(_ options: PruneOptions) throws -> PrunePlan {
        let folders = try folders()
        let present = try folders.all.filter { try $0.isAvailable() }
        var items = try unreferenced(folders)
        let latest = Int64(clamping: Int(((now().timeIntervalSince1970 - options.minimumAge) * 1e9).rounded()))
        for folder in present {
            items += try unfinishedImports(in: folder)
            items += try incoming(in: folder, folders, notAfter: latest, keeping: options.keptDownloads)
            if let kept = options.keptDownloads {
                items += try partials(in: folder, notAfter: latest, keeping: kept)
            }
            if options.includesQuarantine { items += try quarantine(in: folder) }
        }
        items += try cachedHeaders(notAfter: latest)
        if options.includesUnknownBlobs {
            let blobs = try database.readBlocking { Array(try $0.blobsWithoutPieces().values) }
            items += try strangers(in: present, blobs).orphans.compactMap { try item(.unknownBlob, [$0.path]) }
        }
        return PrunePlan(items: items)
    }

    private func unreferenced(_ folders: FolderSet) throws -> [PrunePlan.Item] {
        let sql = "SELECT digest FROM blob WHERE digest NOT IN (SELECT digest FROM modelFile) ORDER BY digest"
        let blobs = try database.readBlocking { db in
            try String.fetchAll(db, sql: sql).compactMap { try Digest($0).flatMap { try db.blob($0) } }
        }
        return blobs.compactMap { blob in
            folders[blob.folder].map {
                PrunePlan.Item(kind: .unreferenced, paths: [$0.blob(blob.digest).path], byteCount: blob.byteCount)
            }
        }
    }

    private func unfinishedImports(in folder: FolderLayout) throws -> [PrunePlan.Item] {
        try ImportWorkspace.all(in: folder.partial).filter { try !ImportWorkspace.isAlive($0) }.map { workspace in
            let files = try FileSystem.names(in: workspace.path).map { workspace.appendingPathComponent($0).path }
            return PrunePlan.Item(
                kind: .unfinishedImport, paths: [workspace.path],
                byteCount: try files.reduce(0) { $0 + (try Self.freedByteCount($1)) })
        }
    }

    /// Whole files that nobody is about to register, and those that the store has under their own name by now.
    private func incoming(
        in folder: FolderLayout, _ folders: FolderSet, notAfter latest: Int64, keeping kept: Set<Digest>?
    ) throws -> [PrunePlan.Item] {
        try regularFiles(in: folder.incoming).filter { path in
            guard try Self.isAbandoned(path, notAfter: latest) else { return false }
            let digest = FolderLayout.digest(ofFileNamed: URL(fileURLWithPath: path).lastPathComponent)
            if let digest, try intactPath(of: digest, byteCount: nil, folders) != nil { return true }
            guard let kept else { return false }
            return !(digest.map(kept.contains) ?? false)
        }.compactMap { try item(.incoming, [$0]) }
    }

    /// Files of one download have one name and different extensions; it goes as a whole. What is not named for a
    /// digest is left alone.
    private func partials(
        in folder: FolderLayout, notAfter latest: Int64, keeping kept: Set<Digest>
    ) throws -> [PrunePlan.Item] {
        var downloads: [Digest: [String]] = [:]
        for path in try regularFiles(in: folder.partial) {
            let url = URL(fileURLWithPath: path)
            guard PrunePlan.partialExtensions.contains(url.pathExtension),
                let digest = FolderLayout.digest(ofFileNamed: url.deletingPathExtension().lastPathComponent)
            else { continue }
            downloads[digest, default: []].append(path)
        }
        return try downloads.sorted { $0.key < $1.key }.compactMap { digest, paths in
            guard !kept.contains(digest), try paths.allSatisfy({ try Self.isAbandoned($0, notAfter: latest) }) else {
                return nil
            }
            return try item(.partialDownload, paths)
        }
    }

    private func quarantine(in folder: FolderLayout) throws -> [PrunePlan.Item] {
        try quarantined(in: folder).compactMap { file in
            try item(.quarantined, [file.url.path] + (file.reason == nil ? [] : [file.reasonPath]))
        }
    }

    private func cachedHeaders(notAfter latest: Int64) throws -> [PrunePlan.Item] {
        try regularFiles(in: layout.headerCache).compactMap { path in
            guard let status = try FileSystem.status(of: path, followingLinks: false), status.modifiedAt <= latest
            else { return nil }
            return try item(.cachedHeader, [path])
        }
    }

    func regularFiles(in folder: URL) throws -> [String] {
        guard try FileSystem.status(of: folder.path) != nil else { return [] }
        return try FileSystem.names(in: folder.path).map { folder.appendingPathComponent($0).path }
            .filter { try FileSystem.status(of: $0, followingLinks: false)?.kind == .file }
    }

    private func item(_ kind: PrunePlan.Kind, _ paths: [String]) throws -> PrunePlan.Item? {
        let present = try paths.filter { try FileSystem.status(of: $0, followingLinks: false) != nil }
        guard !present.isEmpty else { return nil }
        let byteCount = try present.reduce(0) { $0 + (try Self.freedByteCount($1)) }
        return PrunePlan.Item(kind: kind, paths: present.sorted(), byteCount: byteCount)
    }

    private static func freedByteCount(_ path: String) throws -> Int64 {
        guard let status = try FileSystem.status(of: path, followingLinks: false) else { return 0 }
        return status.linkCount > 1 ? 0 : status.byteCount
    }

    /// Whether nothing has written to the file for long enough and no process holds its lock.
    static func isAbandoned(_ path: String, notAfter latest: Int64) throws -> Bool {
        guard let status = try FileSystem.status(of: path, followingLinks: false), status.modifiedAt <= latest else {
            return false
        }
        return try OpenFile.reading(path).tryLock()
    }
}

extension PrunePlan {
    /// What a download's files in the partial folder end in; everything else there is left alone.
    static let partialExtensions: Set<String> = ["part", "journal", "lock"]
}
