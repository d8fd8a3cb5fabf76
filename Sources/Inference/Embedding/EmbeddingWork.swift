import CLlama

/// Texts on their way to vectors: what is to be computed, in which batches, and what is there already. Made on any
/// thread; `Embedder.step` computes one batch of it, so that other work can go between.
struct EmbeddingWork: Sendable {
    /// The tokens of each text; none is empty.
    let texts: [[Int32]]
    /// How token vectors become one.
    let pooling: llama_pooling_type
    /// Places of the texts that are computed together, in the order of computation.
    private(set) var batches: ArraySlice<[Int]>
    /// For each text its vectors, as the engine gives them; empty until they are there.
    private(set) var vectors: [[[Float]]]

    /// - Parameters:
    ///   - tokenLimit: most tokens in one batch of several texts; a longer text goes alone.
    ///   - textLimit: most texts in one batch.
    init(_ texts: [[Int32]], pooling: llama_pooling_type, tokenLimit: Int, textLimit: Int) {
        self.texts = texts
        self.pooling = pooling
        vectors = Array(repeating: [], count: texts.count)
        batches = Self.pack(texts.map(\.count), tokenLimit: tokenLimit, textLimit: textLimit)[...]
    }

    /// Whether all texts have their vectors.
    var isFinished: Bool { batches.isEmpty }
    /// Tokens of the longest text.
    var longest: Int { texts.map(\.count).max() ?? 0 }

    /// Takes in what the next batch gave: for each of its texts the vectors.
    mutating func take(_ results: [[[Float]]]) {
        guard let batch = batches.popFirst() else { return }
        for (place, result) in zip(batch, results) { vectors[place] = result }
    }

    /// Texts of like length together: attention within a batch is computed over all of it, and the last batch of a
    /// sorted list is as full as the first. Longest first, so that buffers grow once.
    private static func pack(_ counts: [Int], tokenLimit: Int, textLimit: Int) -> [[Int]] {
        var batches: [[Int]] = []
        var tokenCount = 0
        for place in counts.indices.sorted(by: { (counts[$0], $1) > (counts[$1], $0) }) {
            if let last = batches.last, last.count < textLimit, tokenCount + counts[place] <= tokenLimit {
                batches[batches.count - 1].append(place)
                tokenCount += counts[place]
            } else {
                batches.append([place])
                tokenCount = counts[place]
            }
        }
        return batches
    }
}
