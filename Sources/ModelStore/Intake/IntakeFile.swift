import Foundation
import Security

/// One file on its way into the store.
struct IntakeFile: Sendable {
    enum Origin: Sendable {
        /// Somebody else's file, which stays.
        case file(path: String, linking: ImportLinking)
        /// A file that was brought here for the store.
        case takenOver(path: String)
        /// A content that the store has.
        case present
        /// A text that is at hand.
        case text(String)
    }

    let role: StoreFileRole
    /// For showing.
    let name: String
    let source: String?
    let origin: Origin
    /// What the content must be; `nil` for whatever it is.
    var expected: Digest?
    var byteCount: Int64?
    /// Whether the content is known to be what is expected.
    var isVerified = false
    var pieces: PieceChecksums?

    /// The path that the file is at now, outside the store.
    var path: String? {
        switch origin {
        case .file(let path, _), .takenOver(let path): path
        case .present, .text: nil
        }
    }

    var takenOverPath: String? {
        if case .takenOver(let path) = origin { path } else { nil }
    }
}

/// A file that arrived beside the blobs, or that is one of them already.
struct ArrivedFile: Sendable {
    /// A content in a workspace.
    struct Arrival: Sendable {
        let path: String
        let folder: FolderLayout
        let status: FileStatus
        let pieces: PieceChecksums?
        /// What errors call it.
        let shownPath: String
    }

    let role: StoreFileRole
    let name: String
    let source: String?
    let digest: Digest
    /// `nil` for a content that the store has.
    let arrival: Arrival?
}
