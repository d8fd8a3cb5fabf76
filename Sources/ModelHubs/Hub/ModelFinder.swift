import Security

/// From what a person wrote to files: the parser, the catalog and the hubs together.
///
/// A short name means the catalog's model when the catalog has it, and that of Ollama's library otherwise. A text with
/// several readings is looked up in each; when more than one exists, the answer is the choices.
public struct ModelFinder: Sendable {
    /// Reads names.
    public let parser: ModelReferenceParser
    /// Knows short names.
    public let catalog: Catalog
    /// Asked in order; the first that handles a reference answers.
    public let hubs: [any ModelHub]

    /// A finder made of its parts.
    public init(parser: ModelReferenceParser = ModelReferenceParser(), catalog: Catalog, hubs: [any ModelHub]) {
        self.parser = parser
        self.catalog = catalog
        self.hubs = hubs
    }

    /// Finds the files behind a text.
    ///
    /// - Throws: ``ModelHubError``, and `CancellationError` when the task is cancelled.
    public func resolve(_ text: String) async throws -> ResolvedModel {
        let readings = try parser.readings(of: text)
        var found: [ResolvedModel] = []
        var failures: [ModelHubError] = []
        for reading in readings {
            do {
                found.append(try await resolve(reading))
            } catch let error as ModelHubError {
                failures.append(error)
            }
        }
        // While a hub is not reached, or wants a licence accepted, another's model of that name may not be the one meant.
        if let failure = failures.first(where: { !$0.saysUnknown }) { throw failure }
        if found.count > 1 {
            throw ModelHubError.ambiguous(text: text, choices: found.map(\.reference.description))
        }
        if let model = found.first { return model }
        if readings.count == 1, let failure = failures.first, readings.first?.namesItsHub == true { throw failure }
        throw ModelHubError.unknownModel(text: text, suggestions: catalog.suggestions(for: text))
    }

    /// Finds the files behind a reference.
    ///
    /// - Throws: ``ModelHubError``, and `CancellationError` when the task is cancelled.
    public func resolve(_ reference: ModelReference) async throws -> ResolvedModel {
        if case .named(let name) = reference {
            let entries = catalog.entries(named: name)
            if entries.count > 1 {
                throw ModelHubError.ambiguous(text: name.description, choices: entries.map(\.name))
            }
            if let entry = entries.first { return try await resolve(entry) }
        }
        return try await hub(for: reference).resolve(reference)
    }

    /// Finds the files of a catalog's entry at the first of its sources that answers, and holds them against the
    /// entry's size and digest.
    ///
    /// - Throws: ``ModelHubError/pinMismatch(name:fact:expected:found:)`` when the source has other content, else the
    ///   first source's error when none answers.
    public func resolve(_ entry: CatalogEntry) async throws -> ResolvedModel {
        var firstFailure: ModelHubError?
        for source in entry.sources {
            do {
                var model = try await hub(for: source).resolve(source)
                try Self.check(model, against: entry)
                // Where the hub gives no digest, the catalog's still holds the download to its content.
                for index in model.files.indices where model.files[index].role == .model {
                    model.files[index].digest = entry.digest
                    model.files[index].byteCount = entry.byteCount
                }
                model.name = entry.name
                model.license = entry.license ?? model.license
                return model
            } catch let error as ModelHubError {
                if case .pinMismatch = error { throw error }
                firstFailure = firstFailure ?? error
            }
        }
        throw firstFailure ?? ModelHubError.unknownModel(text: entry.name, suggestions: [])
    }

    private func hub(for reference: ModelReference) throws -> any ModelHub {
        guard let hub = hubs.first(where: { $0.handles(reference) }) else {
            throw ModelHubError.unsupportedReference(text: reference.description, hub: "No hub that is set up here")
        }
        return hub
    }

    private static func check(_ model: ResolvedModel, against entry: CatalogEntry) throws {
        guard model.weights.count == 1, let weights = model.weights.first else {
            throw ModelHubError.pinMismatch(
                name: entry.name, fact: "number of files", expected: "1", found: String(model.weights.count))
        }
        if let found = weights.digest, found != entry.digest {
            throw ModelHubError.pinMismatch(
                name: entry.name, fact: "SHA-256", expected: entry.digest.hexadecimal, found: found.hexadecimal)
        }
        if let found = weights.byteCount, found != entry.byteCount {
            throw ModelHubError.pinMismatch(
                name: entry.name, fact: "size in bytes", expected: String(entry.byteCount), found: String(found))
        }
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
        case .repositoryNotFound, .unknownModel, .noModelFile, .fileSystem, .offline: true
        default: false
        }
    }
}
