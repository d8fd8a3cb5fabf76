/// Wishes beside a model's name: those of a command line's options.
public struct ResolveOptions: Hashable, Sendable {
    /// A branch, tag or commit.
    public var revision: String?
    /// A quantization such as `Q8_0`.
    public var quantization: String?
    /// The only hub to ask.
    public var hub: HubIdentifier?

    /// Wishes; without arguments none.
    public init(revision: String? = nil, quantization: String? = nil, hub: HubIdentifier? = nil) {
        self.revision = revision
        self.quantization = quantization
        self.hub = hub
    }

    /// Whether the wishes lead to other files than a catalog's entry pins.
    func leadsAway(from entry: CatalogEntry) -> Bool {
        revision != nil || (quantization.map { $0.uppercased() != entry.quantization.uppercased() } ?? false)
    }

    /// Whether a reference is looked up at the hub that was wished for.
    func admits(_ reference: ModelReference) -> Bool {
        guard let hub else { return true }
        return switch reference {
        case .huggingFace: hub == .huggingFace
        case .ollama: hub == .ollama
        case .web: hub == .web
        case .path: hub == .local
        // The catalog may have it from anywhere.
        case .named: true
        }
    }

    /// A reference with the wishes in it.
    ///
    /// - Throws: ``ModelHubError/unsupportedWish(wish:hub:advice:)`` where names have no place for one, and
    ///   ``ModelHubError/invalidReference(text:rule:)`` when the reference already says something else.
    func applied(to reference: ModelReference) throws -> ModelReference {
        switch reference {
        case .huggingFace(let repository): return .huggingFace(try applied(to: repository))
        case .ollama, .named:
            if revision != nil {
                throw refusal("revision", "Ollama's registry", "its models have tags only; write model:tag")
            }
            if quantization != nil {
                throw refusal(
                    "quantization", "Ollama's registry", "write the tag that stands for it, as in model:8b-q8_0")
            }
        case .web, .path:
            let place = if case .web = reference { "A plain address" } else { "This machine's disk" }
            if revision != nil { throw refusal("revision", place, "a file has none; leave it out") }
            if quantization != nil { throw refusal("quantization", place, "name the file that has it") }
        }
        return reference
    }

    private func applied(to reference: HuggingFaceReference) throws -> HuggingFaceReference {
        var result = reference
        if let revision {
            guard HuggingFaceReference.isRevision(revision) else {
                throw ModelHubError.invalidReference(text: revision, rule: "a revision is a branch, tag or commit")
            }
            guard reference.revision == nil || reference.revision == revision else {
                throw ModelHubError.invalidReference(
                    text: reference.description,
                    rule: "it names another revision than \(revision); leave one of them out")
            }
            result.revision = revision
        }
        if let quantization {
            guard OllamaReference.isPart(quantization) else {
                throw ModelHubError.invalidReference(
                    text: quantization, rule: "a quantization is a word such as Q4_K_M")
            }
            switch reference.selection {
            case .automatic: result.selection = .quantization(quantization)
            case .quantization(let label) where label.uppercased() == quantization.uppercased(): break
            default:
                throw ModelHubError.invalidReference(
                    text: reference.description,
                    rule: "it names another file than the quantization \(quantization); leave one of them out")
            }
        }
        return result
    }

    private func refusal(_ wish: String, _ hub: String, _ advice: String) -> ModelHubError {
        .unsupportedWish(wish: wish, hub: hub, advice: advice)
    }
}
