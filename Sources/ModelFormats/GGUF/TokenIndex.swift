/// Finds a text that occurs twice in a list of strings, without making a `String` of any.
///
/// An open-addressing table of 32-bit indices; the hash is Swift's seeded one, so that no file can be made to collide.
struct TokenIndex {
    /// The first two places with the same text; empty texts do not count (the engine gives them names of their own).
    let firstDuplicate: (first: Int, second: Int)?

    init(_ tokens: GGUFArray) {
        var size = 16
        while size < 2 * tokens.count { size *= 2 }
        var slots = [Int32](repeating: -1, count: size)
        var starts: [Int] = []
        starts.reserveCapacity(tokens.count)
        firstDuplicate = tokens.withUnsafeBytes { all in
            var offset = 0
            for index in 0..<tokens.count {
                let text = all.lengthPrefixed(at: offset)
                starts.append(offset)
                offset += 8 + text.count
                if text.isEmpty { continue }
                var hasher = Hasher()
                hasher.combine(bytes: text)
                var slot = hasher.finalize() & (size - 1)
                while slots[slot] >= 0 {
                    let other = all.lengthPrefixed(at: starts[Int(slots[slot])])
                    if other.count == text.count && other.elementsEqual(text) { return (Int(slots[slot]), index) }
                    slot = (slot + 1) & (size - 1)
                }
                slots[slot] = Int32(index)
            }
            return nil
        }
    }
}
