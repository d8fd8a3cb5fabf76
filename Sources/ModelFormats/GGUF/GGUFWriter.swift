import Foundation

/// Writes a GGUF file: metadata first, then each tensor's data as it is produced, so that a file of any size needs
/// little memory.
///
/// ```swift
/// var writer = GGUFWriter()
/// writer.set("general.architecture", .string("llama"))
/// try writer.addTensor("token_embd.weight", dimensions: [64, 512], type: .f32)
/// try writer.write(to: url) { tensor, sink in try sink(bytes(of: tensor.name)) }
/// ```
public struct GGUFWriter: Sendable {
    /// Takes the next bytes of a tensor's data.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// The format's version to write: 2 or 3, which differ in nothing that a little-endian file shows.
    public let version: UInt32
    /// The multiple, in bytes, at which each tensor's data starts.
    public let alignment: UInt32
    /// The tensors so far, with their place in the data.
    public private(set) var tensors: [GGUFTensorInfo] = []

    private var keys: [String] = []
    private var values: [String: GGUFValue] = [:]
    private var tensorNames: Set<String> = []
    private var dataByteCount: UInt64 = 0

    /// - Parameters:
    ///   - version: 2 or 3.
    ///   - alignment: A power of two. Other than 32 it is written as `general.alignment` too.
    /// - Throws: `GGUFError.unsupportedVersion` or `.alignmentNotPowerOfTwo`.
    public init(version: UInt32 = 3, alignment: UInt32 = 32) throws(GGUFError) {
        guard version == 2 || version == 3 else { throw .unsupportedVersion(version) }
        guard alignment.nonzeroBitCount == 1 else { throw .alignmentNotPowerOfTwo(alignment) }
        self.version = version
        self.alignment = alignment
        if alignment != 32 { set("general.alignment", .uint32(alignment)) }
    }

    /// Sets the value of `key`: a new key comes last, a known one keeps its place.
    public mutating func set(_ key: String, _ value: GGUFValue) {
        if values.updateValue(value, forKey: key) == nil { keys.append(key) }
    }

    /// Removes `key`; nothing happens when it is not there.
    public mutating func remove(_ key: String) {
        if values.removeValue(forKey: key) != nil { keys.removeAll { $0 == key } }
    }

    /// Announces the next tensor.
    ///
    /// - Parameters:
    ///   - name: 1 to 63 bytes, not used before.
    ///   - dimensions: 1 to 4, a row's element count first.
    ///   - type: The type of its elements.
    /// - Throws: `GGUFError` when name or shape break the format's rules.
    @discardableResult
    public mutating func addTensor(
        _ name: String, dimensions: [UInt64], type: GGMLType
    ) throws(GGUFError) -> GGUFTensorInfo {
        guard !name.isEmpty else { throw .emptyTensorName(index: tensors.count) }
        guard name.utf8.count <= GGUFLimits.tensorNameByteCount else {
            throw .tensorNameTooLong(
                index: tensors.count, byteCount: UInt64(name.utf8.count), limit: GGUFLimits.tensorNameByteCount)
        }
        guard tensorNames.insert(name).inserted else { throw .duplicateTensorName(name) }
        let byteCount = try GGUFTensorInfo.byteCount(tensor: name, dimensions: dimensions, type: type)
        let tensor = GGUFTensorInfo(
            name: name, dimensions: dimensions, type: type, offset: dataByteCount, byteCount: byteCount)
        let (end, overflow) = dataByteCount.addingReportingOverflow(byteCount)
        guard !overflow, end <= UInt64.max - UInt64(alignment) else { throw .dataSizeOverflow(tensor: name) }
        dataByteCount = padded(end)
        tensors.append(tensor)
        return tensor
    }

    /// The header with the padding before the first tensor's data.
    public func headerBytes() -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        bytes.appendLittleEndian(version)
        bytes.appendLittleEndian(UInt64(tensors.count))
        bytes.appendLittleEndian(UInt64(keys.count))
        for key in keys {
            guard let value = values[key] else { continue }
            bytes.appendLengthPrefixed(key)
            bytes.appendLittleEndian(value.type.rawValue)
            value.encode(into: &bytes)
        }
        for tensor in tensors {
            bytes.appendLengthPrefixed(tensor.name)
            bytes.appendLittleEndian(UInt32(tensor.dimensions.count))
            for size in tensor.dimensions { bytes.appendLittleEndian(size) }
            bytes.appendLittleEndian(tensor.type.rawValue)
            bytes.appendLittleEndian(tensor.offset)
        }
        if !tensors.isEmpty {
            bytes.append(contentsOf: repeatElement(0, count: Int(padded(UInt64(bytes.count))) - bytes.count))
        }
        return bytes
    }

    /// Writes the file. Tensors are asked for in order and each must hand over exactly its `byteCount` bytes, in as
    /// many pieces as it likes. A file that is there is replaced; on an error the part that was written is removed.
    ///
    /// - Throws: `GGUFError.unwritable`, `.tensorDataCount`, and what `tensorData` throws.
    public func write(to url: URL, tensorData: (GGUFTensorInfo, Sink) throws -> Void) throws {
        let file = try OutputFile(path: url.path)
        do {
            try write(tensorData: tensorData) { try file.write($0) }
            try file.finish()
        } catch {
            file.discard()
            throw error
        }
    }

    /// The whole file in memory; for small ones.
    ///
    /// - Throws: As `write(to:tensorData:)`.
    public func bytes(tensorData: (GGUFTensorInfo, Sink) throws -> Void) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try write(tensorData: tensorData) { bytes.append(contentsOf: $0) }
        return bytes
    }

    private func write(tensorData: (GGUFTensorInfo, Sink) throws -> Void, output: @escaping Sink) throws {
        try headerBytes().withUnsafeBytes(output)
        let zeros = [UInt8](repeating: 0, count: Int(alignment))
        for tensor in tensors {
            var written: UInt64 = 0
            try tensorData(tensor) { chunk in
                written += UInt64(chunk.count)
                guard written <= tensor.byteCount else {
                    throw GGUFError.tensorDataCount(
                        tensor: tensor.name, expected: tensor.byteCount, written: written)
                }
                try output(chunk)
            }
            guard written == tensor.byteCount else {
                throw GGUFError.tensorDataCount(tensor: tensor.name, expected: tensor.byteCount, written: written)
            }
            let padding = Int(padded(tensor.byteCount) - tensor.byteCount)
            if padding > 0 {
                try zeros.withUnsafeBytes { try output(UnsafeRawBufferPointer(rebasing: $0[..<padding])) }
            }
        }
    }

    private func padded(_ count: UInt64) -> UInt64 {
        let mask = UInt64(alignment) - 1
        return (count + mask) & ~mask
    }
}
