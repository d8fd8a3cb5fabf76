/// Finds a text that occurs twice in a list of strings, without making a `String` of any.
///
/// Texts are compared as the engine sees them: cut at a zero byte, and an empty one is called `[EMPTY_<index>]`.
///
/// An open-addressing table; the hash is Swift's seeded one, so that no file can be made to collide. A slot holds a
/// token's index + 1 and half of its hash, so that texts are compared only when they are very likely equal.
struct TokenIndex {
    /// The first two places with the same text.
    private(set) var firstDuplicate: (first: Int, second: Int)?

    private let tokens: UnsafeRawBufferPointer
    private let slots: UnsafeMutableBufferPointer<UInt64>
    private var starts: [Int] = []

    static func firstDuplicate(in tokens: GGUFArray) -> (first: Int, second: Int)? {
        var size = 16
        while size < 2 * tokens.count { size *= 2 }
        return tokens.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: size) { slots in
                slots.initialize(repeating: 0)
                var index = TokenIndex(tokens: bytes, slots: slots)
                index.insert(tokens.count)
                return index.firstDuplicate
            }
        }
    }

    private init(tokens: UnsafeRawBufferPointer, slots: UnsafeMutableBufferPointer<UInt64>) {
        self.tokens = tokens
        self.slots = slots
    }

    private mutating func insert(_ count: Int) {
        starts.reserveCapacity(count)
        var empty: [Int] = []
        var offset = 0
        for index in 0..<count {
            starts.append(offset)
            offset += 8 + tokens.lengthPrefixed(at: offset).count
            let text = text(index)
            if text.isEmpty {
                empty.append(index)
            } else {
                let (slot, mark, twin) = find(text)
                if let twin {
                    firstDuplicate = (twin, index)
                    return
                }
                slots[slot] = mark | UInt64(index + 1)
            }
        }
        for index in empty {
            let twin = Array("[EMPTY_\(index)]".utf8).withUnsafeBytes { find($0).token }
            if let twin {
                firstDuplicate = (min(twin, index), max(twin, index))
                return
            }
        }
    }

    private func text(_ index: Int) -> UnsafeRawBufferPointer {
        let text = tokens.lengthPrefixed(at: starts[index])
        return text.firstIndex(of: 0).map { UnsafeRawBufferPointer(rebasing: text[..<$0]) } ?? text
    }

    /// The token with this text; when there is none, the free slot for it and what to put there beside the index.
    @inline(__always)
    private func find(_ text: UnsafeRawBufferPointer) -> (slot: Int, mark: UInt64, token: Int?) {
        var hasher = Hasher()
        hasher.combine(bytes: text)
        let hash = hasher.finalize()
        let mark = UInt64(truncatingIfNeeded: hash) & 0xFFFF_FFFF_0000_0000
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            if slots[slot] & 0xFFFF_FFFF_0000_0000 == mark {
                let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
                if self.text(other).elementsEqual(text) { return (slot, mark, other) }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return (slot, mark, nil)
    }
}
