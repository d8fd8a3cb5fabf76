import Foundation
import Security

/// Reads repositories from a folder: `owner/name/files…`, each with one commit made from its content.
enum RepositoryFolder {
    /// What large file storage takes, beside everything over 10 MB: the hub's own `.gitattributes`.
    private static let largeKinds: Set<String> = ["gguf", "safetensors", "bin", "pt", "pth", "onnx", "zip", "h5"]

    /// Blocks; reads every file whole for its digest.
    static func read(_ folder: String) throws -> [SimulatedRepository] {
        var found: [SimulatedRepository] = []
        for owner in try names(in: folder) {
            for name in try names(in: "\(folder)/\(owner)") {
                found.append(try repository("\(owner)/\(name)", in: "\(folder)/\(owner)/\(name)"))
            }
        }
        return found
    }

    private static func repository(_ id: String, in folder: String) throws -> SimulatedRepository {
        var files: [SimulatedFile] = []
        var repository = SimulatedRepository(id, files: [])
        for path in try paths(below: folder) {
            let (content, digest) = try SimulatedContent.file(at: "\(folder)/\(path)")
            let kind = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
            let isLarge = largeKinds.contains(kind) || content.byteCount > 10_000_000
            files.append(SimulatedFile(path, content, digest: digest, isLarge: isLarge))
            if path == "README.md", let text = FileManager.default.contents(atPath: "\(folder)/\(path)") {
                repository.card = card(String(decoding: text, as: UTF8.self))
            }
        }
        repository.files = files
        let state = files.map { "\($0.path) \($0.digest)" }.joined(separator: "\n")
        repository.commit = String(Digest.of([UInt8](state.utf8)).hexadecimal.prefix(40))
        return repository
    }

    /// The plain `key: value` lines between the two `---` of a model card.
    private static func card(_ text: String) -> [(key: String, value: String)] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return [] }
        return lines[1..<end].compactMap { line in
            let pair = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard pair.count == 2, !line.hasPrefix(" "), !line.hasPrefix("-"), !pair[1].isEmpty else { return nil }
            return (pair[0], pair[1])
        }
    }

    /// Names in a folder that are not hidden, sorted.
    static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw SimulatorError.unreadable(path: folder, reason: "it is no folder that can be listed")
        }
    }

    /// Files below a folder, relative to it, sorted.
    static func paths(below folder: String) throws -> [String] {
        var found: [String] = []
        for name in try names(in: folder) {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder) else { continue }
            found += isFolder.boolValue ? try paths(below: "\(folder)/\(name)").map { "\(name)/\($0)" } : [name]
        }
        return found
    }
}
