import Foundation
import RoostServer

/// Certificates of `localhost` that sign themselves, made by the system's openssl.
enum Certificate {
    struct Files: Sendable {
        let folder: URL
        var tls: TLSFiles {
            TLSFiles(
                certificate: folder.appending(path: "certificate.pem").path, key: folder.appending(path: "key.pem").path
            )
        }

        func remove() { try? FileManager.default.removeItem(at: folder) }

        /// Puts other files in the place of these.
        func replace(by other: Files) throws {
            for name in ["certificate.pem", "key.pem"] {
                let place = folder.appending(path: name)
                try Data(contentsOf: other.folder.appending(path: name)).write(to: place, options: .atomic)
            }
        }
    }

    /// Whether certificates can be made here.
    static let canBeMade = FileManager.default.isExecutableFile(atPath: program)
    private static let program = "/usr/bin/openssl"

    /// A new certificate with its key; `name` stands in it as the organisation.
    static func files(name: String) throws -> Files {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost/O=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", folder.path + "/key.pem", "-out", folder.path + "/certificate.pem",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TestServerError.didNotStart }
        return Files(folder: folder)
    }
}
