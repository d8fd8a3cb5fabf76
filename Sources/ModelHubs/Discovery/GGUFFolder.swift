import Security

/// Models among GGUF files of a folder, for stores that keep plain files.
enum GGUFFolder {
    /// The models among `files`, which lie below `folder`, with the projector of each.
    static func models(
        in folder: String, files: [ListedFile], store: LocalStoreIdentifier,
        name: (ModelVariant) -> String
    ) -> DiscoveryReport {
        var report = DiscoveryReport()
        for variant in ModelVariant.all(in: files) {
            guard variant.missing.isEmpty else {
                report.problems.append(
                    DiscoveryProblem(
                        store: store, path: folder + "/" + variant.name,
                        reason: "\(variant.missing.count) of its \(variant.fileCount) files are missing"))
                continue
            }
            var found = variant.files.enumerated().map { index, file in
                let role =
                    variant.fileCount == 1
                    ? .model : ModelFileRole.shard(index: index + 1, count: variant.fileCount)
                return discovered(file, role, folder)
            }
            if let projector = ModelVariant.projector(
                for: variant, among: files.filter({ $0.path.folder == variant.folder }))
            {
                found += projector.files.map { discovered($0, .projector, folder) }
            }
            report.models.append(DiscoveredModel(store: store, name: name(variant), files: found))
        }
        return report
    }

    private static func discovered(_ file: ListedFile, _ role: ModelFileRole, _ folder: String) -> DiscoveredFile {
        DiscoveredFile(
            role: role, path: folder + "/" + file.path.description, byteCount: file.byteCount ?? 0,
            claimedDigest: file.digest)
    }
}
