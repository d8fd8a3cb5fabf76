import Foundation
import ModelFormats

/// Finds the files of the model that a path stands for.
enum ModelFolderScan {
    struct Found: Sendable, Hashable {
        let role: StoreFileRole
        let url: URL
    }

    /// The files of a model by the path of its file, of one of its parts, or of its folder; weights first, in order.
    ///
    /// - Throws: ``ModelStoreError/missingParts(_:folder:)``, ``ModelStoreError/ambiguousFolder(path:choices:)``.
    static func files(at url: URL) throws -> [Found] {
        if try FileSystem.status(of: url.path)?.kind == .folder { return try model(in: url) }
        guard let part = PartName(url.lastPathComponent), part.count > 1, !isWhole(url) else {
            return [Found(role: .model, url: url)]
        }
        return try parts(part, in: url.deletingLastPathComponent())
    }

    /// Whether a file says that it is no part, whatever its name.
    private static func isWhole(_ url: URL) -> Bool {
        guard let file = try? GGUFReader.open(url, access: .copied) else { return false }
        return GGUFSplitSet.part(of: file.header) == nil
    }

    private static func parts(_ part: PartName, in folder: URL) throws -> [Found] {
        let urls = part.all.map { folder.appendingPathComponent($0.fileName, isDirectory: false) }
        let missing = try urls.filter { try FileSystem.status(of: $0.path) == nil }
        guard missing.isEmpty else {
            throw ModelStoreError.missingParts(missing.map(\.lastPathComponent), folder: folder.path)
        }
        return urls.map { Found(role: .shard, url: $0) }
    }

    private static func model(in folder: URL) throws -> [Found] {
        var single: [String] = []
        var split: [PartName] = []
        var projectors: [String] = []
        for name in try FileSystem.names(in: folder.path) where name.lowercased().hasSuffix(".gguf") {
            let url = folder.appendingPathComponent(name, isDirectory: false)
            if isProjector(url) {
                projectors.append(name)
            } else if let part = PartName(name), part.count > 1 {
                let first = PartName(stem: part.stem, number: 1, count: part.count)
                if !split.contains(first) { split.append(first) }
            } else {
                single.append(name)
            }
        }
        let choices = (single + split.map(\.fileName)).sorted()
        guard choices.count == 1 else {
            throw ModelStoreError.ambiguousFolder(path: folder.path, choices: choices)
        }
        guard projectors.count <= 1 else {
            throw ModelStoreError.ambiguousFolder(path: folder.path, choices: projectors)
        }
        let weights =
            try split.first.map { try parts($0, in: folder) }
            ?? single.map { Found(role: .model, url: folder.appendingPathComponent($0, isDirectory: false)) }
        return weights
            + projectors.map { Found(role: .projector, url: folder.appendingPathComponent($0, isDirectory: false)) }
    }

    /// By what the file says; by its name where it cannot be read, so that the error names the right file later.
    private static func isProjector(_ url: URL) -> Bool {
        guard let file = try? GGUFReader.open(url, access: .copied) else {
            return url.lastPathComponent.lowercased().contains("mmproj")
        }
        return file.header.metadata.string("general.architecture") == "clip"
    }
}
