/// The key-value pairs of a GGUF file in the file's order. A value is decoded when it is asked for.
public struct GGUFMetadata: Sendable {
    struct Entry: Sendable {
        let key: String
        let type: GGUFValueType
        /// Where the value's bytes are; for an array the elements alone.
        let range: Range<Int>
        var elementType = GGUFValueType.uint8
        var elementCount = 0
    }

    let storage: GGUFStorage
    let entries: [Entry]
    private let indexByKey: [String: Int]

    init(storage: GGUFStorage, entries: [Entry], indexByKey: [String: Int]) {
        self.storage = storage
        self.entries = entries
        self.indexByKey = indexByKey
    }

    /// The number of pairs.
    public var count: Int { entries.count }

    /// The keys in the file's order.
    public var keys: [String] { entries.map(\.key) }

    /// The value of `key`, or `nil` when the file has none.
    public subscript(key: String) -> GGUFValue? {
        indexByKey[key].map { value(of: entries[$0]) }
    }

    /// The text of `key`; `nil` when it is missing or not a string.
    public func string(_ key: String) -> String? { self[key]?.stringValue }

    /// The integer of `key`; `nil` when it is missing or not an integer.
    public func integer(_ key: String) -> Int? { self[key]?.intValue }

    /// The array of `key`; `nil` when it is missing or not an array.
    public func array(_ key: String) -> GGUFArray? { self[key]?.arrayValue }

    /// The type of `key` without decoding its value; `nil` when it is missing.
    public func type(of key: String) -> GGUFValueType? { indexByKey[key].map { entries[$0].type } }

    func value(of entry: Entry) -> GGUFValue {
        if entry.type == .array {
            return .array(
                GGUFArray(
                    elementType: entry.elementType, count: entry.elementCount, storage: storage, range: entry.range))
        }
        return GGUFValue(type: entry.type, bytes: storage.bytes, offset: entry.range.lowerBound)
    }
}

extension GGUFMetadata: Sequence {
    /// The pairs in the file's order, each decoded when it is reached.
    public func makeIterator() -> AnyIterator<(key: String, value: GGUFValue)> {
        var index = 0
        return AnyIterator {
            guard index < entries.count else { return nil }
            defer { index += 1 }
            return (entries[index].key, value(of: entries[index]))
        }
    }
}
