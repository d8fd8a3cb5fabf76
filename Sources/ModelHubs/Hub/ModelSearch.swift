import Foundation

/// What to look for on a hub.
public struct ModelSearch: Hashable, Sendable {
    /// What comes first.
    public enum Order: String, Hashable, Sendable, CaseIterable {
        /// Most downloaded.
        case downloads
        /// Most liked.
        case likes
        /// Changed last.
        case lastModified
        /// What the hub holds popular just now.
        case trending = "trendingScore"
    }

    /// Words in the repository's name; empty for all.
    public var text: String
    /// Only this owner's.
    public var author: String?
    /// What comes first.
    public var order: Order
    /// Hits of one page, 1 to 100.
    public var pageSize: Int
    /// The page; `nil` for the first.
    public var cursor: SearchCursor?

    /// A search.
    public init(
        _ text: String, author: String? = nil, order: Order = .downloads, pageSize: Int = 20,
        cursor: SearchCursor? = nil
    ) {
        self.text = text
        self.author = author
        self.order = order
        self.pageSize = min(max(pageSize, 1), 100)
        self.cursor = cursor
    }
}

/// Where the next page of a search begins.
public struct SearchCursor: Hashable, Sendable {
    let url: URL
}

/// One page of hits.
public struct SearchPage: Hashable, Sendable {
    /// The hits, in the order asked for.
    public var hits: [SearchHit]
    /// The next page; `nil` on the last.
    public var next: SearchCursor?

    /// A page.
    public init(hits: [SearchHit], next: SearchCursor? = nil) {
        self.hits = hits
        self.next = next
    }
}

/// A model that a search found. Facts that the hub did not give are `nil`.
public struct SearchHit: Hashable, Sendable {
    /// What to write to get it.
    public var reference: ModelReference
    /// The repository.
    public var repository: RepositoryName
    /// Downloads of the last 30 days.
    public var downloads: Int?
    /// How many people like it.
    public var likes: Int?
    /// The licence's identifier.
    public var license: String?
    /// Whether its licence must be accepted at its page first.
    public var isGated: Bool
    /// The hub's tags, licence and base model among them.
    public var tags: [String]
    /// When it changed last, as ISO 8601 text.
    public var lastModified: String?
    /// How many parameters the weights have.
    public var parameterCount: Int64?
    /// The context length it was trained for, in tokens.
    public var contextLength: Int?
    /// The architecture's name in GGUF.
    public var architecture: String?
    /// Quantizations that the file names tell.
    public var quantizations: [String]
}
