import Security

/// Which of a catalog's models to show. Empty conditions pass everything.
public struct CatalogFilter: Hashable, Sendable {
    /// Words that must each be in a name, the title, the description or a tag.
    public var text: String
    /// Any of these.
    public var tiers: Set<CatalogTier>
    /// Any of these.
    public var sizeClasses: Set<CatalogSizeClass>
    /// All of these.
    public var tags: Set<String>
    /// Any of these, without regard to letter case.
    public var licenses: Set<String>
    /// Models whose file is at most this large, in bytes.
    public var maximumByteCount: Int64?
    /// Only models whose content is, or is not, among ``installed``.
    public var isInstalled: Bool?
    /// What is on this machine.
    public var installed: Set<Digest>

    /// A filter.
    public init(
        text: String = "", tiers: Set<CatalogTier> = [], sizeClasses: Set<CatalogSizeClass> = [],
        tags: Set<String> = [], licenses: Set<String> = [], maximumByteCount: Int64? = nil, isInstalled: Bool? = nil,
        installed: Set<Digest> = []
    ) {
        self.text = text
        self.tiers = tiers
        self.sizeClasses = sizeClasses
        self.tags = tags
        self.licenses = licenses
        self.maximumByteCount = maximumByteCount
        self.isInstalled = isInstalled
        self.installed = installed
    }

    /// Whether an entry meets all conditions.
    public func passes(_ entry: CatalogEntry) -> Bool {
        let haystack = (entry.names.map(\.description) + [entry.title, entry.description] + entry.tags)
            .joined(separator: "\n").lowercased()
        let license = entry.license?.lowercased() ?? ""
        return text.lowercased().split(separator: " ").allSatisfy { haystack.contains($0) }
            && (tiers.isEmpty || tiers.contains(entry.tier))
            && (sizeClasses.isEmpty || sizeClasses.contains(entry.sizeClass))
            && tags.allSatisfy { tag in entry.tags.contains { $0.lowercased() == tag.lowercased() } }
            && (licenses.isEmpty || licenses.contains { $0.lowercased() == license })
            && (maximumByteCount.map { entry.byteCount <= $0 } ?? true)
            && (isInstalled.map { $0 == installed.contains(entry.digest) } ?? true)
    }
}
