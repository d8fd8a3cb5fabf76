import Foundation
import ModelFormats
import ModelHubs
import ModelStore
public import Planning

extension ModelManager {
    /// Models for a machine, the best first: those of the catalog and of the store, and what a search at the hub finds.
    ///
    /// Of models in the store, and of those that were looked at before, memory and speed are planned from their headers;
    /// of others they are estimated by the size of their files. Nothing but a search needs a network.
    ///
    /// - Parameters:
    ///   - purpose: what the model is for; `nil` is anything.
    ///   - minimumContextLength: tokens of context that it must be able to have.
    ///   - machine: what to plan for; `nil` is this machine.
    ///   - words: what to look for at the Hugging Face Hub; `nil` does not ask it.
    /// - Throws: `ModelHubError`; `ModelStoreError`; `PlanningError`.
    public nonisolated func recommendations(
        for purpose: ModelPurpose? = nil, minimumContextLength: Int? = nil, on machine: PlannedMachine? = nil,
        searching words: String? = nil
    ) async throws -> [Recommendation] {
        let target: PlannedMachine
        if let machine { target = machine } else { target = await plannedMachine() }
        let stored = try await downloadedModels()
        var candidates = try await catalogCandidates(stored)
        let known = Set(candidates.map(\.name))
        for record in stored where !known.contains(record.name.display) {
            candidates.append(await candidate(record))
        }
        if let words { candidates += try await foundCandidates(words, purpose, besides: Set(candidates.map(\.name))) }
        return try await Recommender(machine: target)
            .rank(candidates, for: purpose, minimumContextLength: minimumContextLength)
    }

    private nonisolated func catalogCandidates(_ stored: [ModelRecord]) async throws -> [RecommendationCandidate] {
        let records = Dictionary(stored.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
        let (entries, cache) = (try await availableModels(), headerCache)
        var candidates: [RecommendationCandidate] = []
        for entry in entries {
            var candidate = RecommendationCandidate(entry)
            candidate.isDownloaded = records[entry.digest] != nil
            if let record = records[entry.digest] {
                candidate.geometry = (try? await header(of: record)).flatMap { ModelGeometry([$0.whole]) }
            } else {
                candidate.geometry = try? await OffPool.run {
                    try cache.entry(.header, entry.digest).map { try ModelGeometry(files: [$0.bytes]) }
                }
            }
            candidates.append(candidate)
        }
        return candidates
    }

    private nonisolated func candidate(_ record: ModelRecord) async -> RecommendationCandidate {
        var candidate = RecommendationCandidate(
            name: record.name.display, purposes: Set(record.capabilities.compactMap(ModelPurpose.init)),
            fileByteCount: record.byteCount, quantization: record.quantization, isDownloaded: true)
        if let header = try? await header(of: record) {
            candidate.geometry = ModelGeometry([header.whole])
            candidate.trainedContextLength = header.summary.contextLength
        }
        return candidate
    }

    // MARK: Search

    /// Hits of a search that are looked at closely: the hub is asked about each.
    private static let hitCount = 8

    private nonisolated func foundCandidates(
        _ words: String, _ purpose: ModelPurpose?, besides known: Set<String>
    ) async throws -> [RecommendationCandidate] {
        let page = try await search(ModelSearch(words, pageSize: 20))
        let hits = page.hits.filter { !$0.isGated }.prefix(Self.hitCount)
        return await withTaskGroup(of: RecommendationCandidate?.self) { group in
            for hit in hits {
                group.addTask {
                    // What cannot be resolved, for lack of a usable file or of an answer, is no candidate.
                    guard let model = try? await self.resolve(hit.reference.description), !known.contains(model.name),
                        let byteCount = model.byteCount
                    else { return nil }
                    return RecommendationCandidate(hit, model, byteCount: byteCount)
                }
            }
            var candidates: [RecommendationCandidate] = []
            for await candidate in group {
                if let candidate { candidates.append(candidate) }
            }
            return candidates
        }
    }
}

extension ModelPurpose {
    fileprivate init?(_ capability: ModelCapability) {
        switch capability {
        case .chat: self = .chat
        case .insert: self = .code
        case .embedding: self = .embedding
        default: return nil
        }
    }

    /// What tags of hubs and catalogs speak of.
    fileprivate static func all(in tags: [String]) -> Set<ModelPurpose> {
        var purposes: Set<ModelPurpose> = []
        for tag in tags {
            switch tag.lowercased() {
            case "chat", "conversational": purposes.insert(.chat)
            case "code": purposes.insert(.code)
            case "embedding", "feature-extraction", "sentence-similarity": purposes.insert(.embedding)
            default: break
            }
        }
        return purposes
    }
}

extension RecommendationCandidate {
    fileprivate init(_ entry: CatalogEntry) {
        let counts = ParameterText(entry.parameters)
        self.init(
            name: entry.name, purposes: ModelPurpose.all(in: entry.tags), fileByteCount: entry.byteCount,
            parameterCount: counts?.all, usedParameterCount: counts?.used, quantization: entry.quantization,
            trainedContextLength: entry.contextLength, tier: QualityTier(entry.tier))
    }

    fileprivate init(_ hit: SearchHit, _ model: ResolvedModel, byteCount: Int64) {
        self.init(
            name: model.name, purposes: ModelPurpose.all(in: hit.tags), fileByteCount: byteCount,
            parameterCount: hit.parameterCount.map(Double.init), quantization: model.quantization,
            trainedContextLength: hit.contextLength)
        // The hub marks chat models; a repository whose name says code is for code.
        if hit.repository.description.lowercased().contains("code") { purposes.insert(.code) }
    }
}

extension QualityTier {
    fileprivate init(_ tier: CatalogTier) {
        switch tier {
        case .minimal: self = .minimal
        case .standard: self = .standard
        case .advanced: self = .advanced
        }
    }
}
