import Security

/// A file of a model as it is kept on this machine.
public struct KeptFile: Hashable, Sendable {
    /// Its name at the source.
    public var path: String
    /// Its content.
    public var digest: Digest

    /// A file that is kept.
    public init(path: String, digest: Digest) {
        self.path = path
        self.digest = digest
    }
}

/// What the hub has now, against what is kept on this machine.
public struct ModelUpdate: Hashable, Sendable {
    /// The model as the hub has it now.
    public var latest: ResolvedModel
    /// The revision that is kept; `nil` when it is not known.
    public var keptRevision: String?
    /// Files whose content is another now, or that are new.
    public var changed: [ModelFile]
    /// Names of files that are kept and no longer belong to the model.
    public var gone: [String]

    /// Whether there is something to get. A new commit that changes none of the model's files is no update.
    public var isOutdated: Bool { !changed.isEmpty || !gone.isEmpty }
    /// How much there is to get, in bytes; `nil` when a size is not known.
    public var byteCount: Int64? {
        changed.reduce(Int64?.some(0)) { total, file in
            guard let total, let count = file.byteCount else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(count)
            return overflow ? nil : sum
        }
    }
}

extension ModelFinder {
    /// Asks the hub what a kept model would be today.
    ///
    /// Only files whose content the hub states are compared, by digest: a licence's text alone makes no update.
    /// - Parameters:
    ///   - text: The reference it was got by, as its provenance has it.
    ///   - revision: The commit or manifest that is kept.
    ///   - files: The files that are kept. Other names for the same content are no change.
    /// - Throws: ``ModelHubError``, and `CancellationError` when the task is cancelled.
    public func latest(
        of text: String, revision: String?, files: [KeptFile], options: ResolveOptions = ResolveOptions()
    ) async throws -> ModelUpdate {
        let latest = try await resolve(text, options: options)
        var update = ModelUpdate(latest: latest, keptRevision: revision, changed: [], gone: [])
        if let revision, revision == latest.revision { return update }
        let kept = Set(files.map(\.digest))
        let stated = latest.files.filter { $0.digest != nil }
        update.changed = stated.filter { file in file.digest.map { !kept.contains($0) } ?? false }
        let current = Set(stated.compactMap(\.digest))
        let names = Set(latest.files.map(\.path.description))
        update.gone = files.filter { !current.contains($0.digest) && !names.contains($0.path) }.map(\.path)
        return update
    }
}
