/// A reference made exact: which files, of which content, from where.
public struct ResolvedModel: Hashable, Sendable {
    /// What was asked for.
    public var reference: ModelReference
    /// The hub that answered.
    public var hub: HubIdentifier
    /// The name under which to keep it: `hf.co/owner/repo:Q4_K_M`, `tinyllama`.
    public var name: String
    /// The repository at the hub, `owner/name` or `namespace/model`; `nil` where there are none.
    public var repository: String?
    /// The commit or the manifest's digest that the files were read from; `nil` where there are no revisions.
    public var revision: String?
    /// The weights' number format, when known.
    public var quantization: String?
    /// The licence's identifier, such as `apache-2.0`, when known.
    public var license: String?
    /// The files, the weights first and in order.
    public var files: [ModelFile]

    /// A resolved model.
    public init(
        reference: ModelReference, hub: HubIdentifier, name: String, repository: String? = nil,
        revision: String? = nil, quantization: String? = nil, license: String? = nil, files: [ModelFile]
    ) {
        self.reference = reference
        self.hub = hub
        self.name = name
        self.repository = repository
        self.revision = revision
        self.quantization = quantization
        self.license = license
        self.files = files
    }

    /// The weights: one file, or all parts of a split model in order.
    public var weights: [ModelFile] {
        files.filter { file in
            switch file.role {
            case .model, .shard: true
            default: false
            }
        }
    }

    /// The size of all files in bytes; `nil` when one is not known.
    public var byteCount: Int64? {
        files.reduce(Int64?.some(0)) { total, file in
            guard let total, let count = file.byteCount else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(count)
            return overflow ? nil : sum
        }
    }
}

/// Which hub: for names, messages and provenance.
public struct HubIdentifier: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    /// A short word.
    public let rawValue: String

    /// An identifier of a hub.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The Hugging Face Hub.
    public static let huggingFace = HubIdentifier(rawValue: "huggingface")
    /// Ollama's registry.
    public static let ollama = HubIdentifier(rawValue: "ollama")
    /// A file at some address.
    public static let web = HubIdentifier(rawValue: "url")
    /// Files of this machine.
    public static let local = HubIdentifier(rawValue: "local")

    /// The word itself.
    public var description: String { rawValue }
}
