/// Where a prompt's computation stops to keep a state, for models whose cache cannot go back (sliding windows,
/// recurrent states): where others are likely to part from this prompt.
struct CheckpointPolicy: Sendable {
    /// Never closer than this: each one cuts a batch in two, and fewer tokens are computed in no time.
    static let leastDistance = 256
    /// In long stretches without a boundary, one at each multiple of this.
    static let interval = 1024
    /// Before the prompt's end: templates write the last few tokens anew when the conversation goes on.
    static let tailCount = 4

    /// Positions, ascending, of symbols `start..<count` that are computed; `boundaries` are ends of messages.
    static func positions(from start: Int, to count: Int, boundaries: [Int]) -> [Int] {
        let last = count - tailCount
        var positions: [Int] = []
        var previous = start
        // The first boundary of those close together: it is the end of what most have in common.
        for candidate in boundaries.filter({ $0 < last }).sorted() + [last]
        where candidate - previous >= leastDistance {
            var next = (previous / interval + 1) * interval
            while next + leastDistance <= candidate {
                if next - previous >= leastDistance { positions.append(next) }
                next += interval
            }
            positions.append(candidate)
            previous = candidate
        }
        return positions
    }
}
