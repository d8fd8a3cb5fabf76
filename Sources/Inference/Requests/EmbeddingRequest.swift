/// Texts to be turned into vectors.
public struct EmbeddingRequest: Sendable, Hashable, Codable {
    /// One text.
    public enum Input: Sendable, Hashable, Codable {
        case text(String)
        case tokens([Int32])
    }

    /// How the vectors of a text's tokens become one.
    public enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
        /// Each token's own vector.
        case none
        /// Their mean.
        case mean
        /// The first token's.
        case cls
        /// The last token's.
        case last
    }

    /// How a vector is scaled. As llama.cpp's `embd_normalize`.
    public enum Normalization: String, Sendable, Hashable, Codable, CaseIterable {
        /// As it comes.
        case none
        /// To the length 1.
        case euclidean
    }

    /// The texts, at least one.
    public var inputs: [Input]
    /// `nil` is what the model was made for, else the mean.
    public var pooling: Pooling?
    /// Default ``Normalization/euclidean``.
    public var normalization = Normalization.euclidean
    /// Cuts texts that are longer than the model takes, instead of refusing them. Default false.
    public var truncates = false
    /// Keeps the first values only (for models trained so that this works), then normalizes.
    public var dimensionCount: Int?
    /// On whose behalf.
    public var tenant = ""
    /// The tenant's share relative to others, > 0. Default 1.
    public var tenantWeight = 1.0

    /// A request with the defaults above.
    public init(_ inputs: [Input]) { self.inputs = inputs }
}

/// The vectors of texts.
public struct EmbeddingResult: Sendable, Hashable, Codable {
    /// For each input its vectors: one, or with ``EmbeddingRequest/Pooling/none`` one for each token.
    public var vectors: [[[Float]]]
    /// Tokens of each input, after cutting.
    public var tokenCounts: [Int]

    /// Vectors and the tokens they were made of.
    public init(vectors: [[[Float]]], tokenCounts: [Int]) {
        self.vectors = vectors
        self.tokenCounts = tokenCounts
    }
}

/// Documents to be ordered by how well each answers a query; for models trained to rank.
public struct RerankRequest: Sendable, Hashable, Codable {
    /// What is asked.
    public var query: String
    /// What may answer it, at least one.
    public var documents: [String]
    /// On whose behalf.
    public var tenant = ""
    /// The tenant's share relative to others, > 0. Default 1.
    public var tenantWeight = 1.0

    /// A query and documents.
    public init(query: String, documents: [String]) {
        self.query = query
        self.documents = documents
    }
}

/// How well documents answer a query.
public struct RerankResult: Sendable, Hashable, Codable {
    /// The model's score of each document, in the order of the request; larger is better.
    public var scores: [Float]
    /// Tokens of each pair of query and document.
    public var tokenCounts: [Int]

    /// Scores and the tokens they were made of.
    public init(scores: [Float], tokenCounts: [Int]) {
        self.scores = scores
        self.tokenCounts = tokenCounts
    }
}
