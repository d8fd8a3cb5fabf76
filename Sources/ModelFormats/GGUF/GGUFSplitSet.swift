/// Checks that the parts of a split model belong together, one after the other in their order.
///
/// Each part says which one it is (`split.no`, from 0), how many there are (`split.count`) and how many tensors all of
/// them hold together (`split.tensors.count`); the engine reads metadata from the first alone. Format:
/// `tools/gguf-split` of llama.cpp.
///
/// ```swift
/// var set = GGUFSplitSet(count: headers.count)
/// for header in headers { try set.add(header) }
/// let whole = try set.finish()
/// ```
public struct GGUFSplitSet: Sendable {
    /// How many parts there are.
    public let count: Int
    private var headers: [GGUFHeader] = []
    private var declaredTensorCount: Int?
    private var tensorNames: Set<String> = []

    /// A set of `count` parts, none of which was seen yet.
    public init(count: Int) { self.count = count }

    /// Which part a file says it is, from 0, and of how many; `nil` for a model in one file.
    public static func part(of header: GGUFHeader) -> (number: Int, count: Int)? {
        guard let count = header.metadata.integer("split.count"), count > 1 else { return nil }
        return (header.metadata.integer("split.no") ?? 0, count)
    }

    /// Adds the next part, whose own header was validated before.
    ///
    /// - Throws: `GGUFError` when it is not the part that comes next.
    public mutating func add(_ header: GGUFHeader) throws(GGUFError) {
        let part = Self.part(of: header) ?? (0, 1)
        guard part.number == headers.count, part.count == count else {
            throw .splitPart(number: part.number, count: part.count, expected: headers.count, expectedCount: count)
        }
        let metadata = GGUFTypedMetadata(header.metadata)
        let declared = try metadata.signed32("split.tensors.count").map { Int($0) }
        if headers.isEmpty {
            declaredTensorCount = declared
        } else if declared != declaredTensorCount {
            throw .splitTensorCount(declared: declared ?? 0, found: declaredTensorCount ?? 0)
        }
        let architecture = header.metadata.string("general.architecture")
        if let architecture, let first = headers.first?.metadata.string("general.architecture"), architecture != first {
            throw .splitArchitecture(found: architecture, expected: first)
        }
        for tensor in header.tensors where !tensorNames.insert(tensor.name).inserted {
            throw .duplicateTensorName(tensor.name)
        }
        headers.append(header)
    }

    /// The header of the whole model: the first part's metadata and all tensors.
    ///
    /// - Throws: `GGUFError` when parts or tensors are missing.
    public func finish() throws(GGUFError) -> GGUFHeader {
        guard let first = headers.first, headers.count == count else {
            throw .splitPart(number: headers.count, count: count, expected: headers.count, expectedCount: count)
        }
        if count > 1, let declaredTensorCount, declaredTensorCount != tensorNames.count {
            throw .splitTensorCount(declared: declaredTensorCount, found: tensorNames.count)
        }
        guard !tensorNames.isEmpty else { throw .noTensors }
        let tensors = headers.flatMap(\.tensors)
        if count > 1, let architecture = first.metadata.string("general.architecture") {
            // The embedding, which must fit the vocabulary, may be in any part.
            let metadata = GGUFTypedMetadata(first.metadata)
            try GGUFVocabularyCheck(metadata: metadata, architecture: architecture, tensors: tensors).run()
        }
        return GGUFHeader(
            version: first.version, alignment: first.alignment, metadata: first.metadata, tensors: tensors,
            byteCount: first.byteCount, dataOffset: first.dataOffset)
    }
}
