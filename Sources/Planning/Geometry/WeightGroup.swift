public import ModelFormats

/// Weights of one type in one place.
public struct WeightGroup: Sendable, Hashable {
    /// The type of the values.
    public var type: GGMLType
    /// Whether they are experts, of which each token goes through a few.
    public var isExpert: Bool
    /// Whether they are matrices that the CPU's back end may copy into another order; see ``Repacking``.
    public var isMatrix: Bool
    /// Bytes.
    public var byteCount: Int64
    /// Values.
    public var elementCount: Int64
}

extension [WeightGroup] {
    mutating func add(_ tensor: GGUFTensorInfo, isExpert: Bool, isMatrix: Bool) {
        let (bytes, elements) = (Int64(clamping: tensor.byteCount), Int64(clamping: tensor.elementCount))
        let index = firstIndex {
            $0.type == tensor.type && $0.isExpert == isExpert && $0.isMatrix == isMatrix
        }
        guard let index else {
            append(
                WeightGroup(
                    type: tensor.type, isExpert: isExpert, isMatrix: isMatrix, byteCount: bytes,
                    elementCount: elements))
            return
        }
        self[index].byteCount = self[index].byteCount.addingClamped(bytes)
        self[index].elementCount = self[index].elementCount.addingClamped(elements)
    }

    /// Bytes of all.
    public var byteCount: Int64 { reduce(0) { $0.addingClamped($1.byteCount) } }
    /// Bytes of the experts.
    public var expertByteCount: Int64 { filter(\.isExpert).byteCount }
}

extension Int64 {
    /// The sum, or the largest number: a header can claim anything.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max / 4 : Swift.min(sum, .max / 4)
    }

    /// The nearest number of bytes.
    init(bytes: Double) { self = bytes.isFinite ? Int64(Swift.min(Swift.max(bytes.rounded(.up), 0), 2e18)) : .max / 4 }
}
