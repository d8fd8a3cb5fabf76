import Security

/// What ``ModelStore/move(to:progress:)`` did.
public struct MoveResult: Sendable, Hashable, Codable {
    /// The model folder that the contents are in now.
    public let path: String
    /// Contents that were moved.
    public let contentCount: Int
    /// Their size in bytes.
    public let byteCount: Int64
    /// How much of that had to be copied, to another file system.
    public let copiedByteCount: Int64
    /// Models with contents that stayed where they are: damaged, gone, or in a folder that is not there.
    public let leftBehind: [ModelName]
}
