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

    /// Asks anew where a file's bytes are: addresses of storage behind a hub expire.
    ///
    /// - Throws: ``ModelHubError``, ``ModelHubError/pinMismatch(name:fact:expected:found:)`` when the hub now says
    ///   another size or digest than the file's.
    func locate(_ file: ModelFile) async throws -> FileLocation

    /// Looks for models.
    ///
    /// - Throws: ``ModelHubError/searchUnsupported(hub:)`` unless the hub has a search.
    func search(_ query: ModelSearch) async throws -> SearchPage
}

extension ModelHub {
    /// Refuses: most hubs have no search.
    public func search(_ query: ModelSearch) async throws -> SearchPage {
        throw ModelHubError.searchUnsupported(hub: identifier.rawValue)
    }
}
