/// A place that models come from. One implementation per place; to add one is to add a folder and an entry in the
/// list given to ``ModelFinder``.
public protocol ModelHub: Sendable {
    /// Which hub this is.
    var identifier: HubIdentifier { get }

    /// Whether ``resolve(_:)`` may be asked for a reference; nothing is sent to find out.
    func handles(_ reference: ModelReference) -> Bool

    /// Finds the files behind a reference and pins their content as far as the hub says it.
    ///
    /// - Throws: ``ModelHubError``, and `CancellationError` when the task is cancelled.
    func resolve(_ reference: ModelReference) async throws -> ResolvedModel

    /// Asks anew where a file's bytes are at one of its sources: addresses of storage behind a hub expire.
    ///
    /// - Throws: ``ModelHubError``, ``ModelHubError/pinMismatch(name:fact:expected:found:)`` when the source now says
    ///   another size or digest than the file's.
    func locate(_ file: ModelFile, at source: FileSource) async throws -> FileLocation

    /// Reads a small file whole: a licence, a template. Held to the file's size and digest where they are known.
    ///
    /// - Parameter limit: The most bytes; a longer file is an error.
    /// - Throws: ``ModelHubError``.
    func content(of file: ModelFile, upTo limit: Int) async throws -> [UInt8]

    /// What is written about a model: licence, base model, purpose, the text of its page.
    ///
    /// - Throws: ``ModelHubError``; ``ModelHubError/unsupportedReference(text:hub:)`` where models have no card.
    func modelCard(of reference: ModelReference) async throws -> ModelCard

    /// Looks for models.
    ///
    /// - Throws: ``ModelHubError/searchUnsupported(hub:)`` unless the hub has a search.
    func search(_ query: ModelSearch) async throws -> SearchPage
}

extension ModelHub {
    /// Asks anew where a file's bytes are, at the best of its sources.
    ///
    /// - Throws: As ``locate(_:at:)``.
    public func locate(_ file: ModelFile) async throws -> FileLocation {
        try await locate(file, at: try file.firstSource)
    }

    /// Refuses: files have no card.
    public func modelCard(of reference: ModelReference) async throws -> ModelCard {
        throw ModelHubError.unsupportedReference(text: reference.description, hub: "A place without model cards")
    }

    /// Refuses: most hubs have no search.
    public func search(_ query: ModelSearch) async throws -> SearchPage {
        throw ModelHubError.searchUnsupported(hub: identifier.rawValue)
    }
}
