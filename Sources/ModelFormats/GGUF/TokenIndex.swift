/// Finds a text that occurs twice in a list of strings, without making a `String` of any.
///
/// An open-addressing table; the hash is Swift's seeded one, so that no file can be made to collide. A slot holds a
/// token's index + 1 and half of its hash, so that texts are compared only when they are very likely equal.
struct TokenIndex {
    /// The first two places with the same text; empty texts do not count (the engine gives them names of their own).
    let firstDuplicate: (first: Int, second: Int)?

    init(_ tokens: GGUFArray) {
        var size = 16
        while size < 2 * tokens.count { size *= 2 }
        let mask = size - 1
        var starts: [Int] = []
        starts.reserveCapacity(tokens.count)
        firstDuplicate = tokens.withUnsafeBytes { all in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: size) { slots in
                slots.initialize(repeating: 0)
                var offset = 0
                for index in 0..<tokens.count {
                    let text = all.lengthPrefixed(at: offset)
                    starts.append(offset)
                    offset += 8 + text.count
                    if text.isEmpty { continue }
                    var hasher = Hasher()
                    hasher.combine(bytes: text)
                    let hash = hasher.finalize()
                    let mark = UInt64(truncatingIfNeeded: hash) & 0xFFFF_FFFF_0000_0000
                    var slot = hash & mask
                    while slots[slot] != 0 {
                        if slots[slot] & 0xFFFF_FFFF_0000_0000 == mark {
                            let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
                            if all.lengthPrefixed(at: starts[other]).elementsEqual(text) { return (other, index) }
                        }
                        slot = (slot + 1) & mask
                    }
                    slots[slot] = mark | UInt64(index + 1)
                }
                return nil
            }
        }
    }
}
