/// Reads a header in one pass, checking every claim before it is used. Arrays and strings of values are stepped over
/// and remembered by place; memory grows only with what the file really holds.
struct GGUFHeaderParser {
    private var cursor: GGUFCursor
    private var entries: [GGUFMetadata.Entry] = []
    private var indexByKey: [String: Int] = [:]
    private var tensors: [GGUFTensorInfo] = []

    init(bytes: UnsafeRawBufferPointer, fileByteCount: UInt64?) {
        cursor = GGUFCursor(bytes: bytes, fileByteCount: fileByteCount)
    }

    /// Parses and hands the bytes of the header to `makeStorage`, which keeps or copies them.
    ///
    /// - Throws: `GGUFError`, or `NeedsMoreBytes` when the bytes end before the header does.
    mutating func parse(storage makeStorage: (Int) -> GGUFStorage) throws -> GGUFHeader {
        let version = try readVersion()
        let (tensorCount, entryCount) = try readCounts()
        for index in 0..<entryCount { try readEntry(index) }
        let alignment = try alignment()
        var names: Set<String> = []
        for index in 0..<tensorCount { try readTensor(index, names: &names) }

        let byteCount = cursor.position
        let mask = UInt64(alignment) - 1
        let dataOffset = tensors.isEmpty ? UInt64(byteCount) : (UInt64(byteCount) + mask) & ~mask
        return GGUFHeader(
            version: version, alignment: alignment,
            metadata: GGUFMetadata(storage: makeStorage(byteCount), entries: entries, indexByKey: indexByKey),
            tensors: tensors, byteCount: byteCount, dataOffset: dataOffset)
    }

    private mutating func readVersion() throws -> UInt32 {
        guard cursor.fileByteCount != 0 else { throw GGUFError.emptyFile }
        let magic = Array("GGUF".utf8)
        let start = Array(cursor.bytes.prefix(4))
        guard magic.starts(with: start) else { throw GGUFError.badMagic(found: start) }
        _ = try cursor.skip(4)
        let version = try cursor.read(UInt32.self)
        if version == 2 || version == 3 { return version }
        guard version & 0xFFFF != 0 || version == 0 else { throw GGUFError.bigEndian }
        throw GGUFError.unsupportedVersion(version)
    }

    private mutating func readCounts() throws -> (tensors: Int, entries: Int) {
        let tensors = try cursor.read(UInt64.self)
        guard tensors <= GGUFLimits.tensors else {
            throw GGUFError.tooManyTensors(count: tensors, limit: GGUFLimits.tensors)
        }
        let entries = try cursor.read(UInt64.self)
        guard entries <= GGUFLimits.metadataEntries else {
            throw GGUFError.tooManyMetadataEntries(count: entries, limit: GGUFLimits.metadataEntries)
        }
        if let left = cursor.bytesLeftInFile, let size = cursor.fileByteCount {
            let forEntries = entries * GGUFLimits.minimumEntryByteCount
            guard forEntries <= left else {
                throw GGUFError.metadataCountExceedsFile(count: entries, fileByteCount: size)
            }
            guard tensors * GGUFLimits.minimumTensorByteCount <= left - forEntries else {
                throw GGUFError.tensorCountExceedsFile(count: tensors, fileByteCount: size)
            }
        }
        return (Int(tensors), Int(entries))
    }

    private mutating func readEntry(_ index: Int) throws {
        let length = try cursor.read(UInt64.self)
        guard length > 0 else { throw GGUFError.emptyKey(index: index) }
        guard length <= GGUFLimits.keyByteCount else {
            throw GGUFError.keyTooLong(index: index, byteCount: length, limit: GGUFLimits.keyByteCount)
        }
        guard let key = cursor.text(in: try cursor.skip(length)) else { throw GGUFError.keyNotText(index: index) }
        guard indexByKey.updateValue(index, forKey: key) == nil else { throw GGUFError.duplicateKey(key) }

        let number = try cursor.read(UInt32.self)
        guard let type = GGUFValueType(rawValue: number) else {
            throw GGUFError.unknownValueType(key: key, type: number)
        }
        guard type == .array else {
            let range = try readElements(of: type, count: 1, key: key)
            entries.append(.init(key: key, type: type, range: range))
            return
        }
        let elementNumber = try cursor.read(UInt32.self)
        guard let elementType = GGUFValueType(rawValue: elementNumber) else {
            throw GGUFError.unknownElementType(key: key, type: elementNumber)
        }
        guard elementType != .array else { throw GGUFError.nestedArray(key: key) }
        let count = try cursor.read(UInt64.self)
        guard count <= GGUFLimits.arrayElements else {
            throw GGUFError.arrayTooLong(key: key, count: count, limit: GGUFLimits.arrayElements)
        }
        if let left = cursor.bytesLeftInFile, let size = cursor.fileByteCount,
            count * UInt64(elementType.minimumByteCount) > left
        {
            throw GGUFError.arrayExceedsFile(key: key, count: count, fileByteCount: size)
        }
        let range = try readElements(of: elementType, count: Int(count), key: key)
        entries.append(
            .init(key: key, type: .array, range: range, elementType: elementType, elementCount: Int(count)))
    }

    /// Steps over `count` values of `type`, which is not `.array`.
    private mutating func readElements(of type: GGUFValueType, count: Int, key: String) throws -> Range<Int> {
        guard let size = type.byteCount else {
            return try cursor.skipStrings(count, key: key, limit: GGUFLimits.stringByteCount(key: key))
        }
        let range = try cursor.skip(UInt64(count) * UInt64(size))
        if type == .bool, let wrong = cursor.bytes[range].first(where: { $0 > 1 }) {
            throw GGUFError.badBool(key: key, value: wrong)
        }
        return range
    }

    private func alignment() throws -> UInt32 {
        guard let index = indexByKey["general.alignment"] else { return 32 }
        let entry = entries[index]
        guard entry.type == .uint32 else { throw GGUFError.alignmentNotUInt32(found: entry.type) }
        let value = cursor.bytes.littleEndian(UInt32.self, at: entry.range.lowerBound)
        guard value.nonzeroBitCount == 1 else { throw GGUFError.alignmentNotPowerOfTwo(value) }
        return value
    }

    private mutating func readTensor(_ index: Int, names: inout Set<String>) throws {
        let length = try cursor.read(UInt64.self)
        guard length > 0 else { throw GGUFError.emptyTensorName(index: index) }
        guard length <= GGUFLimits.tensorNameByteCount else {
            throw GGUFError.tensorNameTooLong(
                index: index, byteCount: length, limit: GGUFLimits.tensorNameByteCount)
        }
        guard let name = cursor.text(in: try cursor.skip(length)) else {
            throw GGUFError.tensorNameNotText(index: index)
        }
        guard names.insert(name).inserted else { throw GGUFError.duplicateTensorName(name) }

        let dimensionCount = try cursor.read(UInt32.self)
        guard (1...UInt32(GGUFLimits.dimensions)).contains(dimensionCount) else {
            throw GGUFError.dimensionCount(tensor: name, count: UInt64(dimensionCount))
        }
        var dimensions: [UInt64] = []
        for _ in 0..<dimensionCount { dimensions.append(try cursor.read(UInt64.self)) }

        let number = try cursor.read(UInt32.self)
        guard let type = GGMLType(rawValue: number) else {
            if let removed = GGMLType.removedName(number) {
                throw GGUFError.removedTensorType(tensor: name, name: removed)
            }
            throw GGUFError.unknownTensorType(tensor: name, type: number)
        }
        let byteCount = try GGUFTensorInfo.byteCount(tensor: name, dimensions: dimensions, type: type)
        let offset = try cursor.read(UInt64.self)
        tensors.append(
            GGUFTensorInfo(name: name, dimensions: dimensions, type: type, offset: offset, byteCount: byteCount))
    }
}
