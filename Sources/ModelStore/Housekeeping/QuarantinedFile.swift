public import Foundation

/// A file that was fetched or handed over and found wrong.
public struct QuarantinedFile: Sendable, Hashable, Codable {
    /// Where it is.
    public let url: URL
    /// Its size in bytes.
    public let byteCount: Int64
    /// Why it is there, in a few lines; `nil` when nobody wrote that down.
    public let reason: String?
    /// When it was last written to.
    public let modifiedAt: Date

    var reasonPath: String { url.path + Quarantine.reasonSuffix }
}

extension Vault {
    func quarantined() throws -> [QuarantinedFile] {
        try folders().all.filter { try $0.isAvailable() }.flatMap { try quarantined(in: $0) }
    }

    func quarantined(in folder: FolderLayout) throws -> [QuarantinedFile] {
        try regularFiles(in: folder.quarantine).filter { !$0.hasSuffix(Quarantine.reasonSuffix) }.compactMap { path in
            guard let status = try FileSystem.status(of: path, followingLinks: false) else { return nil }
            let reason = try? String(
                decoding: OpenFile.reading(path + Quarantine.reasonSuffix).readAll(upTo: 4096), as: UTF8.self)
            return QuarantinedFile(
                url: URL(fileURLWithPath: path), byteCount: status.byteCount, reason: reason,
                modifiedAt: Date(timeIntervalSince1970: Double(status.modifiedAt) / 1e9))
        }
    }
}
