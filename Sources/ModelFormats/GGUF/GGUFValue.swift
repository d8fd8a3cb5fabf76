/// One metadata value of a GGUF file.
public enum GGUFValue: Sendable, Hashable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    case array(GGUFArray)
    case uint64(UInt64)
    case int64(Int64)
    case float64(Double)

    /// The type as the file stores it.
    public var type: GGUFValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .float32: .float32
        case .bool: .bool
        case .string: .string
        case .array: .array
        case .uint64: .uint64
        case .int64: .int64
        case .float64: .float64
        }
    }

    /// The text of a string value; `nil` for every other type.
    public var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a bool; `nil` for every other type.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The array; `nil` for every other type.
    public var arrayValue: GGUFArray? {
        if case .array(let array) = self { array } else { nil }
    }

    /// The value of any of the eight integer types when it fits an `Int`; `nil` otherwise.
    public var intValue: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(exactly: value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(exactly: value)
        case .float32, .float64, .bool, .string, .array: nil
        }
    }

    /// The value of a number, floating point or integer (rounded beyond 2⁵³); `nil` for bool, string and array.
    public var doubleValue: Double? {
        switch self {
        case .float32(let value): Double(value)
        case .float64(let value): value
        case .uint64(let value): Double(value)
        default: intValue.map(Double.init)
        }
    }
}

extension GGUFValue {
    /// Decodes the scalar or string at `offset` of bytes that the parser has checked.
    init(type: GGUFValueType, bytes: UnsafeRawBufferPointer, offset: Int) {
        func integer<T: FixedWidthInteger>(_: T.Type) -> T { bytes.littleEndian(T.self, at: offset) }
        switch type {
        case .uint8: self = .uint8(integer(UInt8.self))
        case .int8: self = .int8(integer(Int8.self))
        case .uint16: self = .uint16(integer(UInt16.self))
        case .int16: self = .int16(integer(Int16.self))
        case .uint32: self = .uint32(integer(UInt32.self))
        case .int32: self = .int32(integer(Int32.self))
        case .float32: self = .float32(Float(bitPattern: integer(UInt32.self)))
        case .bool: self = .bool(integer(UInt8.self) != 0)
        case .uint64: self = .uint64(integer(UInt64.self))
        case .int64: self = .int64(integer(Int64.self))
        case .float64: self = .float64(Double(bitPattern: integer(UInt64.self)))
        case .string: self = .string(String(decoding: bytes.lengthPrefixed(at: offset), as: UTF8.self))
        case .array: self = .array(GGUFArray(elementType: .uint8, count: 0, storage: .empty, range: 0..<0))
        }
    }

    /// Appends the value as a file stores it, without its type.
    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .uint8(let value): bytes.appendLittleEndian(value)
        case .int8(let value): bytes.appendLittleEndian(value)
        case .uint16(let value): bytes.appendLittleEndian(value)
        case .int16(let value): bytes.appendLittleEndian(value)
        case .uint32(let value): bytes.appendLittleEndian(value)
        case .int32(let value): bytes.appendLittleEndian(value)
        case .float32(let value): bytes.appendLittleEndian(value.bitPattern)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .uint64(let value): bytes.appendLittleEndian(value)
        case .int64(let value): bytes.appendLittleEndian(value)
        case .float64(let value): bytes.appendLittleEndian(value.bitPattern)
        case .string(let text): bytes.appendLengthPrefixed(text)
        case .array(let array):
            bytes.appendLittleEndian(array.elementType.rawValue)
            bytes.appendLittleEndian(UInt64(array.count))
            array.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
    }
}
