/// A program that keeps models in folders of this machine. One implementation per program.
public protocol LocalModelStore: Sendable {
    /// Which program.
    var identifier: LocalStoreIdentifier { get }

    /// Folders where its models may be, the likeliest first; they need not exist.
    func folders(_ paths: StorePaths) -> [String]

    /// Looks through one of its folders. Blocks; changes nothing; never fails as a whole.
    func scan(_ folder: String) -> DiscoveryReport
}
