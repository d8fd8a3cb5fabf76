/// Where a prompt's computation stops to keep a state, for models whose cache cannot go back (sliding windows,
/// recurrent states): where others are likely to part from this prompt.
struct CheckpointPolicy: Sendable {
    /// Never closer than this: each one cuts a batch in two, and fewer tokens are computed in no time.
    static let leastDistance = 256
    /// Of a stretch without a boundary, the rest that is not worth a state of its own.
    static let leastRest = 8
    /// Before the prompt's end: templates write the last few tokens anew when the conversation goes on.
    static let tailCount = 4

    /// How far apart states are in long stretches without a boundary: the larger one is, the fewer there are, so that
    /// one long prompt does not take all the room.
    ///
    /// - Parameters:
    ///   - stateByteCount: of one state, as far as is known; 0 when none was taken yet.
    ///   - byteLimit: of all states.
    static func interval(stateByteCount: Int, byteLimit: Int64) -> Int {
        var interval = leastDistance
        while Int64(stateByteCount) * 64 > byteLimit / Int64(leastDistance) * Int64(interval), interval < 8192 {
            interval *= 2
        }
        return interval
    }

    /// Positions, ascending, of symbols `start..<count` that are computed; `boundaries` are ends of messages.
    static func positions(from start: Int, to count: Int, boundaries: [Int], interval: Int) -> [Int] {
        let last = count - tailCount
        var positions: [Int] = []
        var previous = start
        // The first boundary of those close together: it is the end of what most have in common.
        for candidate in boundaries.filter({ $0 < last }).sorted() + [last]
        where candidate - previous >= leastDistance {
            var next = (previous / interval + 1) * interval
            // A message's end is worth more than a place near it; before the prompt's own end nothing is known.
            while next + (candidate == last ? leastRest : leastDistance) <= candidate {
                if next - previous >= leastDistance {
                    positions.append(next)
                    previous = next
                }
                next += interval
            }
            positions.append(candidate)
            previous = candidate
        }
        return positions
    }
}
