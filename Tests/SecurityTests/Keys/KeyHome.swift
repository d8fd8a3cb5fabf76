import Foundation
import Security

/// A home directory for keys that goes with its owner.
final class KeyHome: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "roost-keys-\(UUID().uuidString)")

    var file: AccessKeyFile { AccessKeyFile(home: url) }
    var folderPath: String { url.appending(path: "keys").path }

    deinit { try? FileManager.default.removeItem(at: url) }

    func setMode(_ mode: Int, of path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    func mode(of path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }

    func content() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file.path)) }

    /// Writes the file in place, as an editor may.
    func write(_ content: Data) throws {
        try content.write(to: URL(fileURLWithPath: file.path))
        try setMode(0o600, of: file.path)
    }
}
