public import Foundation
public import Security

/// A file that is to become part of a model.
public struct IncomingFile: Sendable, Hashable {
    /// What it is to the model.
    public var role: StoreFileRole
    /// Which part of the weights it is, from 0; `nil` for what is not a part.
    public var index: Int?
    /// How many parts the weights have; `nil` for what is not a part.
    public var count: Int?
    /// Its name at the source, for showing only: no path is ever made from it.
    public var name: String
    /// SHA-256 that its content must have; `nil` takes the content as it is.
    public var digest: Digest?
    /// The size that it must have, in bytes; `nil` when that is not known before.
    public var byteCount: Int64?
    /// Where it is now; `nil` when the store has this content already, or when it is a ``text``.
    public var url: URL?
    /// Its content, for a text that is at hand and has no file.
    public var text: String?
    /// Whether its content is known to have the digest; else it is hashed while it is taken in.
    public var isVerified: Bool
    /// Checksums of its pieces, when they are known.
    public var pieces: PieceChecksums?
    /// The URL or path that it came from.
    public var source: String?
    /// `true`: the file at `url` is somebody else's, it stays and is linked or copied as ``ImportLinking`` says.
    /// `false`: the store takes it over, and its name at `url` goes.
    public var mayLink: Bool

    /// A file for ``IncomingModel``.
    public init(
        role: StoreFileRole, index: Int? = nil, count: Int? = nil, name: String, digest: Digest?,
        byteCount: Int64?, url: URL?, isVerified: Bool, pieces: PieceChecksums? = nil, source: String? = nil,
        mayLink: Bool = false
    ) {
        self.role = role
        self.index = index
        self.count = count
        self.name = name
        self.digest = digest
        self.byteCount = byteCount
        self.url = url
        self.isVerified = isVerified
        self.pieces = pieces
        self.source = source
        self.mayLink = mayLink
    }

    /// A text that goes with a model.
    public init(role: StoreFileRole, name: String, text: String) {
        self.init(role: role, name: name, digest: nil, byteCount: nil, url: nil, isVerified: false)
        self.text = text
    }
}
