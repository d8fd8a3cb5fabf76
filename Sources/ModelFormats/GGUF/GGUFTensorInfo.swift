/// What a GGUF file says of one tensor.
public struct GGUFTensorInfo: Sendable, Hashable {
    /// The name, 1 to 63 bytes, unique in the file.
    public let name: String
    /// Elements in each dimension, the fastest-varying (a row) first; 1 to 4 of them, each above 0.
    public let dimensions: [UInt64]
    /// The type of the elements.
    public let type: GGMLType
    /// Where the data starts, in bytes from the header's `dataOffset`.
    public let offset: UInt64
    /// The size of the data in bytes, without padding.
    public let byteCount: UInt64

    /// The product of the dimensions; at most `Int64.max`.
    public var elementCount: UInt64 { dimensions.reduce(1, *) }
}

extension GGUFTensorInfo {
    /// Checks a shape and computes its size. The same rules hold for a file that is read and one that is written.
    ///
    /// - Throws: `GGUFError` when a dimension is 0 or too large, a row is not a whole number of blocks, or the
    ///   element or byte count overflows.
    static func byteCount(tensor: String, dimensions: [UInt64], type: GGMLType) throws(GGUFError) -> UInt64 {
        guard (1...GGUFLimits.dimensions).contains(dimensions.count), let row = dimensions.first else {
            throw .dimensionCount(tensor: tensor, count: UInt64(dimensions.count))
        }
        var elements: UInt64 = 1
        for (index, size) in dimensions.enumerated() {
            guard size > 0 else { throw .dimensionZero(tensor: tensor, dimension: index) }
            guard size <= UInt64(Int64.max) else {
                throw .dimensionTooLarge(tensor: tensor, dimension: index, size: size)
            }
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            guard !overflow, product <= UInt64(Int64.max) else {
                throw .elementCountOverflow(tensor: tensor, dimensions: dimensions)
            }
            elements = product
        }
        guard row.isMultiple(of: type.blockElementCount) else {
            throw .rowNotWholeBlocks(tensor: tensor, row: row, type: type)
        }
        let (bytes, overflow) = (elements / type.blockElementCount).multipliedReportingOverflow(by: type.blockByteCount)
        guard !overflow else { throw .byteCountOverflow(tensor: tensor, dimensions: dimensions, type: type) }
        return bytes
    }
}
