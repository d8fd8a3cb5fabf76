/// What is wrong with a GGUF file, one case for each rule. `description` says it in a sentence for people.
public enum GGUFError: Error, Hashable, Sendable {
    // The file.
    case notRegularFile(path: String)
    case unreadable(path: String, operation: String, errno: Int32)
    case emptyFile
    case badMagic(found: [UInt8])
    case bigEndian
    case unsupportedVersion(UInt32)
    case truncated(needed: UInt64, available: UInt64)
    case headerTooLarge(byteCount: UInt64, limit: UInt64)
    case tooManyMetadataEntries(count: UInt64, limit: UInt64)
    case metadataCountExceedsFile(count: UInt64, fileByteCount: UInt64)
    case tooManyTensors(count: UInt64, limit: UInt64)
    case tensorCountExceedsFile(count: UInt64, fileByteCount: UInt64)

    // Keys and values.
    case emptyKey(index: Int)
    case keyTooLong(index: Int, byteCount: UInt64, limit: UInt64)
    case keyNotText(index: Int)
    case duplicateKey(String)
    case unknownValueType(key: String, type: UInt32)
    case unknownElementType(key: String, type: UInt32)
    case nestedArray(key: String)
    case arrayTooLong(key: String, count: UInt64, limit: UInt64)
    case arrayExceedsFile(key: String, count: UInt64, fileByteCount: UInt64)
    case stringTooLong(key: String, byteCount: UInt64, limit: UInt64)
    case badBool(key: String, value: UInt8)
    case alignmentNotUInt32(found: GGUFValueType)
    case alignmentNotPowerOfTwo(UInt32)
    case alignmentOutOfRange(UInt32, allowed: ClosedRange<UInt32>)

    // Tensors.
    case emptyTensorName(index: Int)
    case tensorNameTooLong(index: Int, byteCount: UInt64, limit: UInt64)
    case tensorNameNotText(index: Int)
    case duplicateTensorName(String)
    case dimensionCount(tensor: String, count: UInt64)
    case dimensionZero(tensor: String, dimension: Int)
    case dimensionTooLarge(tensor: String, dimension: Int, size: UInt64)
    case elementCountOverflow(tensor: String, dimensions: [UInt64])
    case unknownTensorType(tensor: String, type: UInt32)
    case removedTensorType(tensor: String, name: String)
    case rowNotWholeBlocks(tensor: String, row: UInt64, type: GGMLType)
    case byteCountOverflow(tensor: String, dimensions: [UInt64], type: GGMLType)

    // The layout of the data.
    case noTensors
    case offsetMisaligned(tensor: String, offset: UInt64, alignment: UInt32)
    case tensorsOverlap(tensor: String, offset: UInt64, expected: UInt64)
    case gapBeforeTensor(tensor: String, offset: UInt64, expected: UInt64)
    case dataSizeOverflow(tensor: String)
    case dataBeyondEnd(tensor: String, end: UInt64, fileByteCount: UInt64)
    case trailingData(byteCount: UInt64)

    // The meaning of the metadata.
    case missingKey(String)
    case unknownArchitecture(String)
    case wrongValueType(key: String, found: String, expected: String)
    case valueOutOfRange(key: String, value: Int64, allowed: ClosedRange<Int64>)
    case notFinite(key: String)
    case negative(key: String, value: Double)
    case perLayerCount(key: String, count: Int, layers: Int)
    case headsNotDivisible(layer: Int, heads: Int, keyValueHeads: Int)
    case expertsUsedExceedExperts(used: Int, experts: Int)
    case badExpertGroups(groups: Int, used: Int, experts: Int)
    case unknownRopeScaling(String)
    case unknownTokenizer(String)
    case emptyVocabulary
    case vocabularyTooLarge(tokens: Int, limit: Int)
    case vocabularyCount(key: String, count: Int, tokens: Int)
    case duplicateToken(first: Int, second: Int)
    case badTokenType(token: Int, type: Int)
    case badByteToken(token: Int, text: String)
    case malformedMerge(index: Int, text: String)
    case tokenOutOfRange(key: String, token: Int, tokens: Int)
    case embeddingRows(tensor: String, rows: UInt64, tokens: Int)
    case chatTemplateTooLong(key: String, byteCount: Int, limit: Int)
    case badSplit(number: Int, count: Int)
    case splitTensorCount(declared: Int, found: Int)
    case splitPart(number: Int, count: Int, expected: Int, expectedCount: Int)
    case splitArchitecture(found: String, expected: String)

    // Writing.
    case tensorDataCount(tensor: String, expected: UInt64, written: UInt64)
    case unwritable(path: String, operation: String, errno: Int32)
}
