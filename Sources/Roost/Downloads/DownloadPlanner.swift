import Foundation
import ModelHubs
import ModelStore
import Security

/// Makes a plan of a name: what it means, what is here already, what must come.
struct DownloadPlanner: Sendable {
    let sources: ModelSources
    let store: ModelStore

    /// - Throws: `ModelHubError`, `ModelStoreError`, `CancellationError`.
    func plan(_ text: String, _ options: DownloadOptions) async throws -> DownloadPlan {
        let model = try await sources.finder.resolve(text, options: options.resolveOptions)
        return try await plan(text, model, options)
    }

    private func plan(_ text: String, _ model: ResolvedModel, _ options: DownloadOptions) async throws -> DownloadPlan {
        // A short name is kept as it was said, so that it is found again by the same word without a hub.
        let name = try ModelName(parsing: options.name ?? (ShortName(text) == nil ? model.name : text))
        var model = model
        let isRemote = model.hub != .local
        let isText = { (file: ModelFile) in isRemote && file.role == .license && file.digest == nil }
        let licenseFile = model.files.first(where: isText)
        model.files.removeAll(where: isText)
        var actions: [DownloadPlan.Action] = []
        for file in model.files {
            if let digest = file.digest, let byteCount = file.byteCount,
                try await store.contains(digest, byteCount: byteCount)
            {
                actions.append(.keep)
            } else if model.hub == .local, let url = file.sources.first?.url {
                actions.append(.adopt(LocalContent(store: LocalStoreIdentifier(rawValue: "file"), path: url.path)))
            } else {
                actions.append(.fetch)
            }
        }
        if options.adoptsLocalContent, actions.contains(.fetch) {
            let local = try await localContents()
            for (index, file) in model.files.enumerated() where actions[index] == .fetch {
                if let digest = file.digest, let content = local[digest] { actions[index] = .adopt(content) }
            }
        }
        return DownloadPlan(
            name: name, model: model,
            files: zip(model.files, actions).map { DownloadPlan.File(file: $0, action: $1) }, licenseFile: licenseFile,
            isComplete: try await isComplete(name, model), freeByteCount: try await freeByteCount(model))
    }

    /// Bytes free where the model's content goes; `nil` when the system does not say.
    private func freeByteCount(_ model: ResolvedModel) async throws -> Int64? {
        let folders = try await store.intake(byteCount: model.byteCount ?? 0)
        return try await OffPool.run {
            let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folders.incoming.path)
            return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
        }
    }

    /// The contents that other programs keep on this machine, by the digest that they claim.
    private func localContents() async throws -> [Digest: LocalContent] {
        var contents: [Digest: LocalContent] = [:]
        for model in try await sources.discovery.run().models {
            for file in model.files {
                guard let digest = file.claimedDigest, contents[digest] == nil else { continue }
                contents[digest] = LocalContent(store: model.store, path: file.path)
            }
        }
        return contents
    }

    /// Whether the name refers to exactly these files, all of them undamaged.
    private func isComplete(_ name: ModelName, _ model: ResolvedModel) async throws -> Bool {
        guard let record = try? await store.model(named: name) else { return false }
        let wanted = model.files.filter { $0.role != .license }.map(\.digest)
        let present = record.files.filter { $0.role != .license }.map(\.digest)
        guard wanted.allSatisfy({ $0 != nil }), present == wanted.compactMap({ $0 }) else { return false }
        for file in record.files where try await !store.contains(file.digest, byteCount: file.byteCount) {
            return false
        }
        return true
    }
}
