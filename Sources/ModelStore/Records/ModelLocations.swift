public import Foundation

/// Where the files of a model are, checked to be there and as recorded.
public struct ModelLocations: Sendable, Hashable {
    /// The files by what they are, each list in the model's order.
    public let files: [StoreFileRole: [URL]]

    /// The weights: one file, or all parts in order.
    public var weights: [URL] { (files[.model] ?? []) + (files[.shard] ?? []) }
    /// The projector, if the model has one.
    public var projector: URL? { files[.projector]?.first }
    /// The adapters, in order.
    public var adapters: [URL] { files[.adapter] ?? [] }
}
