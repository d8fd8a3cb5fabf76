extension ModelVariant {
    /// Formats to take when nothing was said, best first: the rule of the field's tools.
    private static let preferred = ["Q4_K_M", "UD-Q4_K_M", "Q8_0"]

    /// Chooses a variant.
    ///
    /// Without a wish: `Q4_K_M`, then `Q8_0`, then the first by name. Letter case never matters.
    /// - Parameters:
    ///   - selection: What was asked for.
    ///   - files: All files of the repository or folder.
    ///   - place: Its name, for messages.
    /// - Throws: ``ModelHubError`` when there is no such file, no model at all, more than one that fits, or a part
    ///   of a split model is missing.
    public static func choose(
        _ selection: HuggingFaceReference.Selection, from files: [ListedFile], in place: String
    ) throws -> ModelVariant {
        let variants = all(in: files)
        let found: [ModelVariant]
        switch selection {
        case .file(let path):
            found = named(path, among: variants)
            guard !found.isEmpty else {
                if !named(path, among: projectors(in: files)).isEmpty {
                    throw ModelHubError.notAModelFile(
                        location: path.description,
                        reason: "it is a projector, which comes along with its model; ask for the model")
                }
                throw ModelHubError.fileNotFound(
                    name: path.description, repository: place,
                    choices: variants.compactMap { $0.files.first?.path.description })
            }
        case .quantization(let label):
            guard !variants.isEmpty else { throw noModel(in: files, place) }
            found = labelled(label, among: variants)
            guard !found.isEmpty else {
                throw ModelHubError.fileNotFound(name: label, repository: place, choices: choices(of: variants))
            }
        case .automatic:
            guard let first = variants.first else { throw noModel(in: files, place) }
            let best = preferred.lazy.map { label in variants.filter { $0.quantization?.description == label } }
            found = best.first { !$0.isEmpty } ?? [first]
        }
        guard found.count == 1, let variant = found.first else {
            throw ModelHubError.ambiguous(
                text: place,
                choices: found.compactMap { variant in
                    variant.files.first.map { place.hasPrefix("/") ? "\(place)/\($0.path)" : "\(place):\($0.path)" }
                })
        }
        guard variant.missing.isEmpty else {
            throw ModelHubError.missingShards(name: variant.name, missing: variant.missing, count: variant.fileCount)
        }
        return variant
    }

    /// The projector that belongs to a variant: in its folder or above; where there are projectors of several models,
    /// one that carries its name; half precision first, then the variant's own quantization.
    public static func projector(for variant: ModelVariant, among files: [ListedFile]) -> ModelVariant? {
        let usable = projectors(in: files).filter { projector in
            projector.missing.isEmpty && (projector.folder.isEmpty || projector.folder == variant.folder)
        }
        let order = ["F16", "FP16", variant.quantization?.description ?? "", "BF16", "Q8_0", "F32", "FP32"]
        let words = words(of: variant)
        func rank(_ projector: ModelVariant) -> (Int, Int, Int, String) {
            (
                projector.folder == variant.folder ? 0 : 1, -words.intersection(self.words(of: projector)).count,
                order.firstIndex(of: projector.quantization?.description ?? "") ?? order.count, projector.name
            )
        }
        return usable.min { rank($0) < rank($1) }
    }

    /// The words of a file's name that say which model it is.
    private static func words(of variant: ModelVariant) -> Set<String> {
        let name = variant.files.first?.path.fileName ?? variant.name
        let words = name.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        return Set(words.filter { QuantizationLabel($0) == nil && !["mmproj", "model", "gguf"].contains($0) })
    }

    private static func named(_ path: RepositoryPath, among variants: [ModelVariant]) -> [ModelVariant] {
        let wanted = path.description.lowercased()
        func matching(_ test: (RepositoryPath) -> Bool) -> [ModelVariant] {
            variants.filter { $0.files.contains { test($0.path) } }
        }
        let tests: [(RepositoryPath) -> Bool] = [
            { $0 == path }, { $0.description.lowercased() == wanted }, { $0.fileName.lowercased() == wanted },
        ]
        return tests.lazy.map(matching).first { !$0.isEmpty } ?? []
    }

    private static func labelled(_ label: String, among variants: [ModelVariant]) -> [ModelVariant] {
        let wanted = label.uppercased()
        func matching(_ test: (ModelVariant) -> Bool) -> [ModelVariant] { variants.filter(test) }
        let tests: [(ModelVariant) -> Bool] = [
            { $0.quantization?.description == wanted },
            { $0.name.split(separator: "/").dropLast().contains { $0.uppercased() == wanted } },
            { variant in ["-", "_", "."].contains { variant.name.uppercased().hasSuffix($0 + wanted) } },
            // Q4 for a repository with one of Q4_0, Q4_K_M …
            { $0.quantization?.description.hasPrefix(wanted + "_") == true },
        ]
        return tests.lazy.map(matching).first { !$0.isEmpty } ?? []
    }

    private static func choices(of variants: [ModelVariant]) -> [String] {
        var seen = Set<String>()
        return variants.map(\.choice).filter { seen.insert($0).inserted }
    }

    private static func noModel(in files: [ListedFile], _ place: String) -> ModelHubError {
        let known = ["safetensors", "bin", "pt", "onnx", "mlpackage"]
        let kinds = known.filter { kind in files.contains { $0.path.fileName.lowercased().hasSuffix("." + kind) } }
        let found = kinds.isEmpty ? "\(files.count) other files" : kinds.joined(separator: " and ") + " files"
        return .noModelFile(repository: place, found: files.isEmpty ? "no files" : found)
    }
}
