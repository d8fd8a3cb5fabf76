import Security

extension ModelFinder {
    /// Finds the files behind a catalog's entry at the first of its sources that answers, and holds them against the
    /// entry's size and digest. The entry's other sources that state the same content become further sources of the
    /// file.
    ///
    /// With a wish for another quantization or a revision the entry only says which repository is meant.
    /// - Throws: ``ModelHubError/pinMismatch(name:fact:expected:found:)`` when the source has other content, else the
    ///   first source's error when none answers.
    public func resolve(
        _ entry: CatalogEntry, options: ResolveOptions = ResolveOptions()
    ) async throws -> ResolvedModel {
        let sources = try sources(of: entry, options)
        var asked = 0
        var model = try await firstAnswer(of: sources) { source in
            asked += 1
            let model = try await hub(for: source).resolve(source)
            if !options.leadsAway(from: entry) { try Self.check(model, against: entry) }
            return model
        }
        guard !options.leadsAway(from: entry) else { return model }
        // Where the hub gives no digest, the catalog's still holds the download to its content.
        for index in model.files.indices where model.files[index].role == .model {
            model.files[index].digest = entry.digest
            model.files[index].byteCount = entry.byteCount
            model.files[index].sources += await alternatives(Array(sources.dropFirst(asked)), to: entry)
        }
        model.name = entry.name
        model.license = entry.license ?? model.license
        return model
    }

    /// The entry's sources as the wishes change them.
    func sources(of entry: CatalogEntry, _ options: ResolveOptions) throws -> [ModelReference] {
        let admitted = entry.sources.filter(options.admits)
        guard !admitted.isEmpty else {
            throw ModelHubError.unsupportedReference(text: entry.name, hub: options.hub?.rawValue ?? "No hub")
        }
        guard options.leadsAway(from: entry) else { return admitted }
        let repositories = admitted.compactMap { source -> HuggingFaceReference? in
            guard case .huggingFace(var reference) = source else { return nil }
            if options.quantization != nil { reference.selection = .automatic }
            return reference
        }
        guard !repositories.isEmpty else {
            throw ModelHubError.unsupportedWish(
                wish: options.revision == nil ? "other quantization" : "revision",
                hub: "“\(entry.name)” of the catalog",
                advice: "it comes as one file; name a repository instead")
        }
        return try repositories.map { try options.applied(to: .huggingFace($0)) }
    }

    /// The first answer; a wrong content ends the search, for the sources of one entry are one file.
    func firstAnswer<Answer: Sendable>(
        of sources: [ModelReference], _ ask: (ModelReference) async throws -> Answer
    ) async throws -> Answer {
        var firstFailure: ModelHubError?
        for source in sources {
            do {
                return try await ask(source)
            } catch let error as ModelHubError {
                if case .pinMismatch = error { throw error }
                firstFailure = firstFailure ?? error
            }
        }
        throw firstFailure ?? ModelHubError.unknownModel(text: sources.first?.description ?? "", suggestions: [])
    }

    /// Sources of the same content at other places. One that does not answer soon is left out: nobody waits for it.
    private func alternatives(_ references: [ModelReference], to entry: CatalogEntry) async -> [FileSource] {
        guard !references.isEmpty else { return [] }
        return await withTaskGroup(of: (Int, [FileSource])?.self) { group in
            for (index, reference) in references.enumerated() {
                group.addTask {
                    let weights = try? await hub(for: reference).resolve(reference).weights
                    guard let weights, weights.count == 1, weights[0].digest == entry.digest else { return (index, []) }
                    return (index, weights[0].sources)
                }
            }
            group.addTask {
                try? await Task.sleep(for: patienceForAlternatives)
                return nil
            }
            var found: [(Int, [FileSource])] = []
            for await answer in group {
                guard let answer else { break }
                found.append(answer)
                if found.count == references.count { break }
            }
            group.cancelAll()
            return found.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
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
