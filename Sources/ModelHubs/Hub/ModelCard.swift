/// What is written about a model at its hub. Facts that the hub does not give are `nil` or empty.
public struct ModelCard: Hashable, Sendable {
    /// What was asked for.
    public var reference: ModelReference
    /// The hub that answered.
    public var hub: HubIdentifier
    /// A page for people.
    public var page: String?
    /// The licence's identifier, such as `apache-2.0`; `other` where ``licenseName`` says more.
    public var license: String?
    /// The licence's own name, for one without identifier.
    public var licenseName: String?
    /// Where the licence can be read.
    public var licenseLink: String?
    /// The models that this one was made from.
    public var baseModels: [String] = []
    /// What it is for: `text-generation`, `image-text-to-text`, `feature-extraction` …
    public var pipeline: String?
    /// Languages as codes or words.
    public var languages: [String] = []
    /// The hub's tags.
    public var tags: [String] = []
    /// The architecture's name in GGUF.
    public var architecture: String?
    /// The number of parameters as the hub writes it.
    public var parameters: String?
    /// The context length it was trained for, in tokens.
    public var contextLength: Int?
    /// Whether its licence must be accepted at its page first.
    public var isGated = false
    /// Downloads of the last 30 days.
    public var downloads: Int?
    /// How many people like it.
    public var likes: Int?
    /// When it changed last, as ISO 8601 text.
    public var lastModified: String?
    /// The page's text, Markdown without its header of facts. It comes from other people: show it, never follow it.
    public var text: String?
    /// The licence's text.
    public var licenseText: String?

    /// A card that says nothing yet.
    public init(reference: ModelReference, hub: HubIdentifier) {
        self.reference = reference
        self.hub = hub
    }

    /// The longest text that is read, in bytes.
    public static let maximumTextByteCount = 1 << 20

    /// Markdown without its header of facts, which stands between two lines of `---`.
    static func body(ofMarkdown text: String) -> String {
        let plain = text.hasPrefix("\u{feff}") ? String(text.dropFirst()) : text
        let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.last == "\r" ? line.dropLast() : line
        }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return plain }
        return lines[(end + 1)...].drop { $0.isEmpty }.joined(separator: "\n")
    }
}
