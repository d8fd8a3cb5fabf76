public import Foundation
public import Inference
public import ModelFormats
public import ModelHubs
public import ModelStore
public import Security

/// What a model is, told by the headers of its files alone: architecture, sizes, vocabulary, the list of its tensors.
/// Enough to plan its memory, and a few megabytes where the model has many gigabytes.
public struct ModelHeader: Sendable {
    /// Where the model is.
    public enum Place: Sendable, Hashable {
        /// In the store, under this name.
        case store(ModelName)
        /// In a file of this machine that the store does not have.
        case disk(path: String)
        /// At a hub; its weights are not here.
        case hub(HubIdentifier)
    }

    /// One file of weights, or the projector.
    public struct Part: Sendable {
        /// Its name at the source.
        public let name: String
        /// What was read of it.
        public let header: GGUFHeader
        /// The size of the whole file in bytes.
        public let fileByteCount: Int64
        /// SHA-256 of the whole file as the store or the hub states it; `nil` where nobody does.
        public let digest: Digest?
        /// The file's bytes up to the end of the list of tensors. They are shared with ``header``, not copied.
        public var bytes: Data { header.bytes }
        /// The same for a memory estimate.
        public var headerFile: ModelHeaderFile { ModelHeaderFile(bytes: bytes, fileByteCount: fileByteCount) }
    }

    /// A file beside the weights.
    public struct Companion: Sendable, Hashable, Codable {
        /// What it is to the model.
        public let role: StoreFileRole
        /// Its name at the source.
        public let name: String
        /// Its size in bytes, when it is known.
        public let byteCount: Int64?
    }

    /// What the model is called: its name in the store, or what `pull` would call it.
    public let name: String
    /// Where it is.
    public let place: Place
    /// The files of weights in order: one, or all parts of a split model.
    public let parts: [Part]
    /// What makes the model see or hear (mmproj), when it has that.
    public let projector: Part?
    /// The files beside the weights, the projector among them.
    public let companions: [Companion]
    /// The header of the whole model: the first part's metadata and the tensors of all parts.
    public let whole: GGUFHeader
    /// What lists and details show.
    public let summary: ModelSummary
    /// The repository at the hub, when there is one.
    public let repository: String?
    /// The commit or manifest at the hub, when there is one.
    public let revision: String?
    /// The licence that the hub states, else the file.
    public let license: String?
    /// When the hub said what the name stands for; `nil` for a model of this machine.
    public let resolvedAt: Date?
    /// Bytes of files that came over the network for this header; 0 when all of it was here.
    public let receivedByteCount: Int64

    /// The size of all weights in bytes.
    public var byteCount: Int64 { parts.reduce(0) { $0 + $1.fileByteCount } }
    /// The size of the projector in bytes; `nil` without one.
    public var projectorByteCount: Int64? { projector?.fileByteCount }
    /// The weights' headers for a memory estimate.
    public var headerFiles: [ModelHeaderFile] { parts.map(\.headerFile) }
    /// All headers for a memory estimate.
    public var headerSet: ModelHeaderSet { ModelHeaderSet(weights: headerFiles, projector: projector?.headerFile) }
    /// Whether its weights are on this machine.
    public var isHere: Bool {
        if case .hub = place { false } else { true }
    }
}
