import Foundation

/// Looks at files of this machine. Everything here blocks.
enum FileTree {
    enum Kind: Sendable { case file, folder, other }

    struct Entry: Sendable {
        /// Relative to the folder that was listed.
        let path: String
        let kind: Kind
        let byteCount: Int64
    }

    /// What is at a path, links followed; `nil` when nothing is.
    static func entry(at path: String) -> Entry? {
        // Attributes are of a link itself, not of what it leads to.
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved) else { return nil }
        let kind: Kind =
            switch attributes[.type] as? FileAttributeType {
            case .typeRegular: .file
            case .typeDirectory: .folder
            default: .other
            }
        return Entry(path: path, kind: kind, byteCount: (attributes[.size] as? NSNumber)?.int64Value ?? 0)
    }

    /// The names in a folder, sorted; empty when it cannot be read.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// Regular files below a folder, sorted by path, down to `depth` folders and `limit` files.
    ///
    /// Names that are hidden (`.cache`) or no ``RepositoryPath`` are left out; links to folders are not followed, so
    /// that the walk ends.
    static func files(below folder: String, depth: Int = 4, limit: Int = 10_000) -> [Entry] {
        var found: [Entry] = []
        func walk(_ relative: String, _ depth: Int) {
            for name in names(in: relative.isEmpty ? folder : folder + "/" + relative) where !name.hasPrefix(".") {
                guard found.count < limit else { return }
                let path = relative.isEmpty ? name : relative + "/" + name
                guard RepositoryPath(path) != nil, let entry = entry(at: folder + "/" + path) else { continue }
                if entry.kind == .file {
                    found.append(Entry(path: path, kind: .file, byteCount: entry.byteCount))
                } else if entry.kind == .folder, depth > 1, !isLink(folder + "/" + path) {
                    walk(path, depth - 1)
                }
            }
        }
        walk("", depth)
        return found
    }

    static func isLink(_ path: String) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
    }

    /// A small file's content; `nil` when it is longer, not a regular file, or cannot be read.
    static func content(of path: String, upTo limit: Int) -> Data? {
        guard let entry = entry(at: path), entry.kind == .file, entry.byteCount <= Int64(limit),
            let handle = FileHandle(forReadingAtPath: path)
        else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: limit + 1), data.count <= limit else { return nil }
        return data
    }
}

extension FileTree.Entry {
    /// As a listing's file.
    var listed: ListedFile? {
        RepositoryPath(path).map { ListedFile(path: $0, byteCount: byteCount) }
    }
}
