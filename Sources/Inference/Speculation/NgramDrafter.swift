/// Proposes what followed the same words before, in the prompt or in the answer: no second model, some memory reads a
/// token. Summaries, edits and code repeat long pieces of their prompts.
///
/// The longest match wins, of equal ones the latest. A match that goes on is followed without a search. Where a copy
/// breaks off (the model changed a word), its continuation is looked for near the break first, so that one equal token
/// is enough to take it up again.
///
/// The tokens are indexed by the hashes of their last few and last ``longLength`` tokens, in chains from the latest to
/// the oldest place (as LZ77 compressors do), of which a bounded part is searched.
final class NgramDrafter: Drafter {
    /// Tokens of the longer hash, whose chains hold few chance matches.
    private static let longLength = 8
    /// Matches are not told apart beyond this length.
    private static let lengthLimit = 64
    /// A match of this length is followed without a look at others.
    private static let sureLength = 32
    /// Places looked at for one proposal, in each of the two chains.
    private static let searchLimit = 32
    /// How far behind a break, and how many tokens later, a copy is taken up again.
    private static let nearDistance = 16

    /// Fewest equal tokens that make a match, but near a break.
    let minimumLength: Int
    /// Most tokens that are remembered; the older half is forgotten when there are more. About 24 bytes each.
    let tokenLimit: Int
    private(set) var strengths: [DraftStrength] = []

    private var tokens: [Int32] = []
    private var short: ChainIndex
    private var long: ChainIndex
    /// The place whose tokens are being copied: where the next token is expected, and how many before it agree.
    private var source: (place: Int, length: Int)?
    /// Where the last copy broke off, and how many tokens ago.
    private var lost: (place: Int, age: Int)?

    /// - Parameters:
    ///   - minimumLength: at least 1; 3 keeps chance matches out.
    ///   - tokenLimit: at least 256.
    init(minimumLength: Int = 3, tokenLimit: Int = 65_536) {
        self.minimumLength = max(1, minimumLength)
        self.tokenLimit = max(256, tokenLimit)
        short = ChainIndex(length: max(1, minimumLength))
        long = ChainIndex(length: max(Self.longLength, minimumLength + 1))
    }

    /// Bytes that it holds, about.
    var byteCount: Int { tokens.capacity * 4 + short.byteCount + long.byteCount }

    func begin(_ prompt: [Int32]) {
        tokens = Array(prompt.suffix(tokenLimit))
        source = nil
        lost = nil
        strengths = []
        reindex()
    }

    func accept(_ tokens: some Sequence<Int32>) {
        for token in tokens { append(token) }
    }

    private func append(_ token: Int32) {
        if let source {
            if tokens[source.place] == token {
                self.source = (source.place + 1, source.length + 1)
            } else {
                if source.length >= Self.longLength { lost = (source.place, 0) }
                self.source = nil
            }
        }
        if let lost { self.lost = lost.age < Self.nearDistance ? (lost.place, lost.age + 1) : nil }
        // What is indexed has a token behind it, so that every place found can be copied from.
        short.add(end: tokens.count, of: tokens)
        long.add(end: tokens.count, of: tokens)
        tokens.append(token)
        if tokens.count > tokenLimit { forgetOlderHalf() }
    }

    private func forgetOlderHalf() {
        let dropped = tokens.count - tokenLimit / 2
        tokens.removeFirst(dropped)
        source = source.flatMap { $0.place >= dropped ? ($0.place - dropped, $0.length) : nil }
        lost = lost.flatMap { $0.place >= dropped ? ($0.place - dropped, $0.age) : nil }
        reindex()
    }

    private func reindex() {
        short.reset(tokenCount: tokens.count)
        long.reset(tokenCount: tokens.count)
        guard !tokens.isEmpty else { return }
        for end in 0..<tokens.count {
            short.add(end: end, of: tokens)
            long.add(end: end, of: tokens)
        }
    }

    func propose(_ count: Int) -> [Int32] {
        strengths = []
        guard count > 0, let match = bestMatch() else { return [] }
        source = (match.place, match.length)
        var proposal: [Int32] = []
        proposal.reserveCapacity(count)
        for step in 0..<count {
            let place = match.place + step
            // Past the end it copies what it proposes: text that repeats itself goes on repeating.
            proposal.append(place < tokens.count ? tokens[place] : proposal[place - tokens.count])
            strengths.append(DraftStrength(matchLength: match.length + step, isNear: match.isNear))
        }
        return proposal
    }

    private func bestMatch() -> (place: Int, length: Int, isNear: Bool)? {
        var best = source ?? (place: 0, length: 0)
        if best.length < Self.sureLength {
            search(long, for: &best)
            if best.length < long.length { search(short, for: &best) }
        }
        if best.length < Self.longLength, let near = nearMatch(), near.length * 2 >= best.length {
            return (near.place, near.length, true)
        }
        return best.length >= minimumLength ? (best.place, best.length, false) : nil
    }

    private func search(_ index: ChainIndex, for best: inout (place: Int, length: Int)) {
        var candidate = index.latest(of: tokens)
        for _ in 0..<Self.searchLimit {
            guard let place = candidate else { return }
            let length = agreement(at: place)
            if length >= minimumLength, length > best.length { best = (place, length) }
            if best.length >= Self.lengthLimit { return }
            candidate = index.before(place)
        }
    }

    /// Where the broken copy may go on: a place near the break whose last token is the sequence's.
    private func nearMatch() -> (place: Int, length: Int)? {
        guard let lost else { return nil }
        let expected = lost.place + lost.age
        let range = max(1, lost.place - 2)...max(1, min(tokens.count - 1, lost.place + lost.age + Self.nearDistance))
        var best: (place: Int, length: Int)?
        for place in range where tokens[place - 1] == tokens[tokens.count - 1] {
            let length = agreement(at: place)
            guard let known = best else {
                best = (place, length)
                continue
            }
            if length > known.length || length == known.length && abs(place - expected) < abs(known.place - expected) {
                best = (place, length)
            }
        }
        return best
    }

    /// How many tokens before `place` are those at the end.
    private func agreement(at place: Int) -> Int {
        let limit = min(Self.lengthLimit, place)
        var length = 0
        while length < limit, tokens[place - 1 - length] == tokens[tokens.count - 1 - length] { length += 1 }
        return length
    }
}

/// Places in a sequence of tokens by the hash of the `length` tokens before them, from the latest to the oldest.
private struct ChainIndex {
    let length: Int
    /// The latest place of each hash; −1 is none.
    private var heads: [Int32] = []
    /// The place before, by place.
    private var previous: [Int32] = []

    init(length: Int) { self.length = length }

    var byteCount: Int { (heads.capacity + previous.capacity) * 4 }

    /// Empties it and makes room for about this many tokens and half as many again.
    mutating func reset(tokenCount: Int) {
        heads = [Int32](repeating: -1, count: Self.headCount(tokenCount + tokenCount / 2))
        previous.removeAll(keepingCapacity: true)
    }

    private static func headCount(_ tokenCount: Int) -> Int {
        var count = 1024
        while count < tokenCount { count *= 2 }
        return count
    }

    /// Notes the place `end`; to be called for each place in order.
    mutating func add(end: Int, of tokens: [Int32]) {
        if end > heads.count * 2 { rehash(tokens) }
        guard end >= length else {
            previous.append(-1)
            return
        }
        let slot = slot(end: end, of: tokens)
        previous.append(heads[slot])
        heads[slot] = Int32(clamping: end)
    }

    /// A larger table, so that chains stay short.
    private mutating func rehash(_ tokens: [Int32]) {
        let places = previous.count
        reset(tokenCount: heads.count * 4)
        for place in 0..<places { add(end: place, of: tokens) }
    }

    /// The latest noted place with the hash of the last tokens.
    func latest(of tokens: [Int32]) -> Int? {
        guard tokens.count >= length, !heads.isEmpty else { return nil }
        let place = heads[slot(end: tokens.count, of: tokens)]
        return place >= 0 ? Int(place) : nil
    }

    /// The noted place before `place` with the same hash.
    func before(_ place: Int) -> Int? {
        let earlier = previous[place]
        return earlier >= 0 ? Int(earlier) : nil
    }

    private func slot(end: Int, of tokens: [Int32]) -> Int {
        var hash: UInt64 = 0
        for index in end - length..<end {
            hash = (hash ^ UInt64(UInt32(bitPattern: tokens[index]))) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
        }
        return Int(truncatingIfNeeded: hash) & (heads.count - 1)
    }
}
