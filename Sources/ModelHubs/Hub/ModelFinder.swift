import Security

/// From what a person wrote to files: the parser, the catalog and the hubs together.
///
/// A short name means the catalog's model when the catalog has it, and that of Ollama's library otherwise. A text with
/// several readings is looked up in each; when more than one exists, the answer is the choices.
///
/// ```swift
/// let finder = ModelFinder(catalog: try Catalog.builtIn(), hubs: [huggingFace, ollama, URLHub(transport: transport), LocalHub()])
/// let model = try await finder.resolve("hf.co/TheBloke/phi-2-GGUF", options: ResolveOptions(quantization: "Q8_0"))
/// ```
public struct ModelFinder: Sendable {
    /// Reads names.
    public let parser: ModelReferenceParser
    /// Knows short names.
    public let catalog: Catalog
    /// Asked in order; the first that handles a reference answers.
    public let hubs: [any ModelHub]
    /// How long other sources of the same content are waited for.
    var patienceForAlternatives = Duration.seconds(5)

    /// A finder made of its parts.
    public init(parser: ModelReferenceParser = ModelReferenceParser(), catalog: Catalog, hubs: [any ModelHub]) {
        self.parser = parser
        self.catalog = catalog
        self.hubs = hubs
    }

    /// Finds the files behind a text.
    ///
    /// - Throws: ``ModelHubError``, and `CancellationError` when the task is cancelled.
    public func resolve(_ text: String, options: ResolveOptions = ResolveOptions()) async throws -> ResolvedModel {
        try await first(of: text, options) { try await resolve($0, options: options) }.value
    }

    /// Finds the files behind a reference.
    ///
    /// - Throws: ``ModelHubError``, and `CancellationError` when the task is cancelled.
    public func resolve(
        _ reference: ModelReference, options: ResolveOptions = ResolveOptions()
    ) async throws -> ResolvedModel {
        if let entry = try entry(for: reference) { return try await resolve(entry, options: options) }
        let reference = try libraryModel(of: reference, options)
        return try await hub(for: reference).resolve(try options.applied(to: reference))
    }

    /// What is written about the model behind a text; for a catalog's name that of its first source that answers.
    ///
    /// - Throws: ``ModelHubError``, and `CancellationError` when the task is cancelled.
    public func modelCard(of text: String, options: ResolveOptions = ResolveOptions()) async throws -> ModelCard {
        try await first(of: text, options) { reading in
            guard let entry = try entry(for: reading) else {
                let reference = try libraryModel(of: reading, options)
                return try await hub(for: reference).modelCard(of: try options.applied(to: reference))
            }
            return try await firstAnswer(of: try sources(of: entry, options)) { source in
                var card = try await hub(for: source).modelCard(of: source)
                card.license = entry.license ?? card.license
                card.architecture = entry.architecture ?? card.architecture
                card.contextLength = entry.contextLength ?? card.contextLength
                card.parameters = entry.parameters
                return card
            }
        }.value
    }

    /// Asks anew where a file's bytes are at one of its sources.
    ///
    /// - Throws: ``ModelHubError``.
    public func locate(_ file: ModelFile, at source: FileSource) async throws -> FileLocation {
        try await hub(source.hub).locate(file, at: source)
    }

    /// Reads a small file of a model, such as its licence or template, at the first of its sources.
    ///
    /// - Throws: ``ModelHubError``.
    public func content(of file: ModelFile, upTo limit: Int = 1 << 20) async throws -> [UInt8] {
        try await hub(try file.firstSource.hub).content(of: file, upTo: limit)
    }

    // MARK: Readings

    /// Asks for every reading of a text; the answer is that of the one that exists.
    private func first<Answer: Sendable>(
        of text: String, _ options: ResolveOptions, _ ask: (ModelReference) async throws -> Answer
    ) async throws -> (reading: ModelReference, value: Answer) {
        let readings = try parser.readings(of: text).filter(options.admits)
        guard !readings.isEmpty else {
            throw ModelHubError.unsupportedReference(text: text, hub: options.hub?.rawValue ?? "No hub")
        }
        var found: [(reading: ModelReference, value: Answer)] = []
        var failures: [ModelHubError] = []
        for reading in readings {
            do {
                found.append((reading, try await ask(reading)))
            } catch let error as ModelHubError {
                failures.append(error)
            }
        }
        // While a hub is not reached, or wants a licence accepted, another's model of that name may not be the one meant.
        if let failure = failures.first(where: { !$0.saysUnknown }) {
            guard case .named? = readings.first, failure.saysUnreached else { throw failure }
            throw ModelHubError.notInCatalog(
                text: text, suggestions: catalog.suggestions(for: text), failure: failure.description)
        }
        if found.count > 1 {
            throw ModelHubError.ambiguous(text: text, choices: found.map(\.reading.description))
        }
        if let answer = found.first { return answer }
        if readings.count == 1, let failure = failures.first, let reading = readings.first,
            try reading.namesItsHub || entry(for: reading) != nil
        {
            throw failure
        }
        throw ModelHubError.unknownModel(text: text, suggestions: catalog.suggestions(for: text))
    }

    /// The catalog's entry that a short name means; `nil` when the catalog has none.
    private func entry(for reference: ModelReference) throws -> CatalogEntry? {
        guard case .named(let name) = reference else { return nil }
        let entries = catalog.entries(named: name)
        guard entries.count < 2 else {
            throw ModelHubError.ambiguous(text: name.description, choices: entries.map(\.name))
        }
        return entries.first
    }

    /// What a name that the catalog does not have stands for, which is a model of Ollama's library.
    private func libraryModel(of reference: ModelReference, _ options: ResolveOptions) throws -> ModelReference {
        guard case .named(let name) = reference else { return reference }
        guard options.hub == nil || options.hub == .ollama else {
            throw ModelHubError.unknownModel(
                text: name.description, suggestions: catalog.suggestions(for: name.description))
        }
        return reference
    }

    func hub(for reference: ModelReference) throws -> any ModelHub {
        guard let hub = hubs.first(where: { $0.handles(reference) }) else {
            throw ModelHubError.unsupportedReference(text: reference.description, hub: "No hub that is set up here")
        }
        return hub
    }

    private func hub(_ identifier: HubIdentifier) throws -> any ModelHub {
        guard let hub = hubs.first(where: { $0.identifier == identifier }) else {
            throw ModelHubError.unsupportedReference(text: identifier.rawValue, hub: "No hub that is set up here")
        }
        return hub
    }
}

extension ModelReference {
    /// Whether the text said where to look, so that the hub's own words are the best answer.
    fileprivate var namesItsHub: Bool {
        if case .named = self { false } else { true }
    }
}

extension ModelHubError {
    /// Whether it says only that a hub does not know a name.
    var saysUnknown: Bool {
        switch self {
        case .repositoryNotFound, .unknownModel, .noModelFile, .fileSystem: true
        default: false
        }
    }

    /// Whether it says that a hub was not reached at all.
    public var saysUnreached: Bool {
        switch self {
        case .unreachable, .offline, .unavailable, .rateLimited: true
        default: false
        }
    }
}
