/// The file system that a path is on.
public struct Disk: Sendable, Hashable, Codable {
    /// What it is stored on.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// Flash on the PCI bus.
        case nvme
        /// Other flash.
        case solidState
        /// Platters that turn.
        case rotating
        /// Another machine.
        case network
        /// This machine's memory.
        case memory
        /// A virtual machine's disk, of which only its host knows more.
        case virtual
    }

    /// The path that was asked about.
    public var path: String
    /// Where the file system is mounted.
    public var mountPoint: String?
    /// `ext4`, `apfs`, …
    public var fileSystem: String?
    /// The device or server.
    public var source: String?
    /// What it is stored on; `nil` when unknown.
    public var kind: Kind?
    /// Its size.
    public var totalByteCount: Int64?
    /// What this user can still write.
    public var freeByteCount: Int64?

    /// A path of whose file system nothing is known yet.
    public init(path: String) { self.path = path }
}
