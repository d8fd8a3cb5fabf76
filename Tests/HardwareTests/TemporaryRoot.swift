import Foundation
import Hardware

/// A folder with files in place of `/`, which goes with this object: keep it for as long as the files are needed.
final class TemporaryRoot: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "roost-machine-\(UUID().uuidString)")

    /// Writes the files.
    init(_ files: [String: String] = [:]) throws {
        for (path, text) in files { try write(text, to: path) }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var files: SystemFiles { SystemFiles(root: url) }

    func write(_ text: String, to path: String) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
