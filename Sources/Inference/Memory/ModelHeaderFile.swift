public import Foundation

/// The beginning of a GGUF file, up to where its weights begin, and how long the whole file is.
public struct ModelHeaderFile: Sendable, Hashable {
    /// The file's first bytes: all of its metadata and its list of tensors. More does no harm.
    public var bytes: Data
    /// Bytes of the whole file, weights included.
    public var fileByteCount: Int64

    /// The beginning of a file.
    public init(bytes: Data, fileByteCount: Int64) {
        self.bytes = bytes
        self.fileByteCount = fileByteCount
    }
}

/// The headers of all files that a model is loaded from.
public struct ModelHeaderSet: Sendable, Hashable {
    /// The weights: one file, or all parts in order.
    public var weights: [ModelHeaderFile]
    /// The small model that proposes tokens; `nil` is none.
    public var draft: ModelHeaderFile?
    /// The projector that makes the model see; `nil` is none.
    public var projector: ModelHeaderFile?

    /// The headers of a model's files.
    public init(weights: [ModelHeaderFile], draft: ModelHeaderFile? = nil, projector: ModelHeaderFile? = nil) {
        self.weights = weights
        self.draft = draft
        self.projector = projector
    }

    /// All of them: the weights, the projector, the draft.
    public var all: [ModelHeaderFile] { weights + [projector, draft].compactMap { $0 } }
}
