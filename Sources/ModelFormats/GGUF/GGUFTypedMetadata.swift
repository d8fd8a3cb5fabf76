/// Metadata asked for by type: a key that is there with another type is an error, as it is for the engine.
struct GGUFTypedMetadata {
    private let metadata: GGUFMetadata

    init(_ metadata: GGUFMetadata) { self.metadata = metadata }

    var keys: [String] { metadata.keys }

    func type(of key: String) -> GGUFValueType? { metadata.type(of: key) }

    func string(_ key: String) throws(GGUFError) -> String? {
        try value(key, as: .string)?.stringValue
    }

    func requiredString(_ key: String) throws(GGUFError) -> String {
        guard let text = try string(key) else { throw .missingKey(key) }
        return text
    }

    func unsigned32(_ key: String) throws(GGUFError) -> Int? { try value(key, as: .uint32)?.intValue }

    func unsigned16(_ key: String) throws(GGUFError) -> Int? { try value(key, as: .uint16)?.intValue }

    func signed32(_ key: String) throws(GGUFError) -> Int? { try value(key, as: .int32)?.intValue }

    func float32(_ key: String) throws(GGUFError) -> Double? { try value(key, as: .float32)?.doubleValue }

    func bool(_ key: String) throws(GGUFError) -> Bool? { try value(key, as: .bool)?.boolValue }

    /// The array of `key`, whose elements have one of `types`.
    func array(_ key: String, of types: [GGUFValueType]) throws(GGUFError) -> GGUFArray? {
        guard let array = try value(key, as: .array)?.arrayValue else { return nil }
        guard types.contains(array.elementType) else {
            let expected = types.map { "\($0)" }.joined(separator: " or ")
            throw .wrongValueType(key: key, found: "array of \(array.elementType)", expected: "array of " + expected)
        }
        return array
    }

    private func value(_ key: String, as type: GGUFValueType) throws(GGUFError) -> GGUFValue? {
        guard let found = metadata.type(of: key) else { return nil }
        guard found == type else { throw .wrongValueType(key: key, found: "\(found)", expected: "\(type)") }
        return metadata[key]
    }
}
