import Foundation
import ModelFormats
import ModelHubs
import ModelStore

extension ModelManager {
    /// What a model is by the headers of its files: of a model in the store, of a file here, of one at a hub that is
    /// not downloaded. Of a remote model only its header comes over the network, some megabytes, and it is kept in
    /// `cache/headers` of the home directory; what the hub said of a name is good for 15 minutes, and without a network
    /// for as long as it is kept.
    ///
    /// ```swift
    /// let header = try await roost.header(of: "hf.co/bartowski/Llama-3.3-70B-Instruct-GGUF:Q4_K_M")
    /// print(header.summary.parameterCount, header.byteCount, header.isHere)
    /// ```
    ///
    /// - Parameters:
    ///   - name: What `pull` takes: a name of the store, a path, a short name, a hub's reference, an address; `nil` is
    ///     the active model. With a wish in `options` the store's names are not looked at.
    ///   - options: Which of the source's variants is meant.
    ///   - refreshing: Asks the hub although it was asked a moment ago.
    /// - Throws: `ModelHubError`; `ModelStoreError`, `.invalidModel` for a file that the engine must not be given;
    ///   `RoostError.noActiveModel`; `CancellationError`.
    public nonisolated func header(
        of name: String?, options: DownloadOptions = DownloadOptions(), refreshing: Bool = false
    ) async throws -> ModelHeader {
        let text = name ?? ""
        if options.resolveOptions == ResolveOptions() || name == nil {
            do {
                return try await header(of: try await model(named: name))
            } catch let error as ModelStoreError where name != nil {
                guard error.saysUnknownName else { throw error }
            }
        }
        return try await HeaderReader(
            openSources: { [downloader] in try await downloader.modelSources() }, store: store, cache: headerCache,
            configuration: configuration
        ).header(of: text, options, refreshing: refreshing)
    }

    /// The header of a model in the store, straight from its files.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func header(of record: ModelRecord) async throws -> ModelHeader {
        let weights = record.files.filter(\.role.isWeights)
        let locations = try await store.locations(of: record.name)
        var parts: [ModelHeader.Part] = []
        for (file, url) in zip(weights, locations.weights) {
            parts.append(try await HeaderReader.part(at: url, file.name, digest: file.digest))
        }
        var projector: ModelHeader.Part?
        if let url = locations.projector, let file = record.files.first(where: { $0.role == .projector }) {
            projector = try await HeaderReader.part(at: url, file.name, digest: file.digest)
        }
        return try ModelHeader(
            name: record.name.display, place: .store(record.name), parts: parts, projector: projector,
            companions: record.files.filter { !$0.role.isWeights }
                .map { ModelHeader.Companion(role: $0.role, name: $0.name, byteCount: $0.byteCount) },
            repository: record.provenance?.repository, revision: record.provenance?.revision,
            license: record.license, resolvedAt: nil, receivedByteCount: 0, isChecked: true)
    }

    /// Headers of models that are elsewhere.
    nonisolated var headerCache: HeaderCache { HeaderCache(folder: store.headerCache) }
}

extension ModelStoreError {
    /// Whether it says only that the store has no model of that name.
    fileprivate var saysUnknownName: Bool {
        switch self {
        case .notFound, .invalidName: true
        default: false
        }
    }
}
