import Foundation
import Security

/// What would go in a prune, and how much room that would give back.
public struct PrunePlan: Sendable, Hashable, Codable {
    /// What a thing to be removed is.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// A content that no model refers to.
        case unreferenced
        /// What an import or a registration left whose process is gone.
        case unfinishedImport
        /// A whole download that was never registered.
        case incoming
        /// A part of a download that nobody means to finish.
        case partialDownload
        /// A header that was kept of a model which is not here; it is fetched again when it is needed.
        case cachedHeader
        /// A file that was found wrong.
        case quarantined
        /// A file among the blobs that the database does not know.
        case unknownBlob
    }

    /// One thing to be removed.
    public struct Item: Sendable, Hashable, Codable {
        /// What it is.
        public let kind: Kind
        /// Its files, or its folder.
        public let paths: [String]
        /// Bytes that it gives back; 0 for a second name of a content that stays.
        public let byteCount: Int64
    }

    /// What would go, by kind.
    public let items: [Item]

    /// The part of it that is of one kind.
    public func only(_ kind: Kind) -> PrunePlan { PrunePlan(items: items.filter { $0.kind == kind }) }

    /// Bytes that it gives back.
    public var byteCount: Int64 { items.reduce(0) { $0 + $1.byteCount } }
    /// Whether there is nothing to remove.
    public var isEmpty: Bool { items.isEmpty }
}
