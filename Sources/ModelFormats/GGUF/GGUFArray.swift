/// A metadata array, kept as the file's bytes and decoded when asked: opening a model with 262,144 tokens makes no
/// string at all.
public struct GGUFArray: Sendable {
    /// The type of every element; never `.array`.
    public let elementType: GGUFValueType
    /// The number of elements.
    public let count: Int

    private let storage: GGUFStorage
    private let range: Range<Int>

    /// Elements that lie in `range` of `storage` as a file stores them, checked by the parser.
    init(elementType: GGUFValueType, count: Int, storage: GGUFStorage, range: Range<Int>) {
        self.elementType = elementType
        self.count = count
        self.storage = storage
        self.range = range
    }

    /// The encoded size in bytes, without element type and count.
    public var byteCount: Int { range.count }

    /// Calls `body` with the elements as the file stores them.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(rebasing: storage.bytes[range]))
    }

    /// The element at `index`, or `nil` when there is none. Takes time in proportion to `index` for strings.
    public subscript(index: Int) -> GGUFValue? {
        guard index >= 0, index < count else { return nil }
        return withUnsafeBytes { bytes in
            if let size = elementType.byteCount {
                return GGUFValue(type: elementType, bytes: bytes, offset: index * size)
            }
            var offset = 0
            for _ in 0..<index { offset += 8 + Int(bytes.littleEndian(UInt64.self, at: offset)) }
            return GGUFValue(type: elementType, bytes: bytes, offset: offset)
        }
    }

    /// Calls `body` with each string's index and UTF-8 bytes, without making a `String`, until it returns `false`.
    /// Does nothing for other element types.
    public func forEachString(_ body: (Int, UnsafeRawBufferPointer) throws -> Bool) rethrows {
        guard elementType == .string else { return }
        try withUnsafeBytes { bytes in
            var offset = 0
            for index in 0..<count {
                let text = bytes.lengthPrefixed(at: offset)
                guard try body(index, text) else { return }
                offset += 8 + text.count
            }
        }
    }

    /// All strings; empty for other element types. Bytes that are not UTF-8 become U+FFFD.
    public var strings: [String] {
        var result: [String] = []
        if elementType == .string { result.reserveCapacity(count) }
        forEachString { _, bytes in
            result.append(String(decoding: bytes, as: UTF8.self))
            return true
        }
        return result
    }

    /// All integers; `nil` when the elements are not integers, or one of them does not fit an `Int`.
    public var integers: [Int]? {
        switch elementType {
        case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: break
        case .float32, .float64, .bool, .string, .array: return nil
        }
        var result: [Int] = []
        result.reserveCapacity(count)
        for value in self {
            guard let integer = value.intValue else { return nil }
            result.append(integer)
        }
        return result
    }
}

extension GGUFArray: Sequence {
    /// The elements in order, each decoded when it is reached.
    public struct Iterator: IteratorProtocol {
        let array: GGUFArray
        var index = 0
        var offset = 0

        /// The next element, or `nil` after the last.
        public mutating func next() -> GGUFValue? {
            guard index < array.count else { return nil }
            return array.withUnsafeBytes { bytes in
                let value = GGUFValue(type: array.elementType, bytes: bytes, offset: offset)
                offset += array.elementType.byteCount ?? (8 + Int(bytes.littleEndian(UInt64.self, at: offset)))
                index += 1
                return value
            }
        }
    }

    /// An iterator over the elements.
    public func makeIterator() -> Iterator { Iterator(array: self) }

    /// The exact count.
    public var underestimatedCount: Int { count }
}

extension GGUFArray: Hashable {
    /// Equal when type, count and encoded bytes are equal.
    public static func == (lhs: GGUFArray, rhs: GGUFArray) -> Bool {
        lhs.elementType == rhs.elementType && lhs.count == rhs.count
            && lhs.withUnsafeBytes { left in rhs.withUnsafeBytes { left.elementsEqual($0) } }
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(elementType)
        hasher.combine(count)
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension GGUFArray {
    private init(elementType: GGUFValueType, count: Int, encoded: [UInt8]) {
        let storage = encoded.withUnsafeBytes { GGUFStorage(copying: $0) }
        self.init(elementType: elementType, count: count, storage: storage, range: 0..<encoded.count)
    }

    /// An array of strings.
    public init(_ strings: [String]) {
        var bytes: [UInt8] = []
        for text in strings { bytes.appendLengthPrefixed(text) }
        self.init(elementType: .string, count: strings.count, encoded: bytes)
    }

    /// An array of 32-bit floating-point numbers.
    public init(_ numbers: [Float]) {
        self.init(elementType: .float32, count: numbers.count, encoded: Self.encode(numbers.map(\.bitPattern)))
    }

    /// An array of 64-bit floating-point numbers.
    public init(_ numbers: [Double]) {
        self.init(elementType: .float64, count: numbers.count, encoded: Self.encode(numbers.map(\.bitPattern)))
    }

    /// An array of truth values.
    public init(_ values: [Bool]) {
        self.init(elementType: .bool, count: values.count, encoded: values.map { $0 ? 1 : 0 })
    }

    /// An array of unsigned 8-bit integers.
    public init(_ values: [UInt8]) { self.init(elementType: .uint8, count: values.count, encoded: values) }
    /// An array of signed 8-bit integers.
    public init(_ values: [Int8]) { self.init(elementType: .int8, count: values.count, encoded: Self.encode(values)) }
    /// An array of unsigned 16-bit integers.
    public init(_ values: [UInt16]) {
        self.init(elementType: .uint16, count: values.count, encoded: Self.encode(values))
    }
    /// An array of signed 16-bit integers.
    public init(_ values: [Int16]) { self.init(elementType: .int16, count: values.count, encoded: Self.encode(values)) }
    /// An array of unsigned 32-bit integers.
    public init(_ values: [UInt32]) {
        self.init(elementType: .uint32, count: values.count, encoded: Self.encode(values))
    }
    /// An array of signed 32-bit integers.
    public init(_ values: [Int32]) { self.init(elementType: .int32, count: values.count, encoded: Self.encode(values)) }
    /// An array of unsigned 64-bit integers.
    public init(_ values: [UInt64]) {
        self.init(elementType: .uint64, count: values.count, encoded: Self.encode(values))
    }
    /// An array of signed 64-bit integers.
    public init(_ values: [Int64]) { self.init(elementType: .int64, count: values.count, encoded: Self.encode(values)) }

    private static func encode(_ values: [some FixedWidthInteger]) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values { bytes.appendLittleEndian(value) }
        return bytes
    }
}
