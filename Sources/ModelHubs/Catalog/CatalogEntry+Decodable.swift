import Security

extension CatalogEntry: Decodable {
    private enum Field: String, CodingKey, CaseIterable {
        case names, title, description, license, parameters, architecture, quantization, contextLength, tier, tags
        case byteCount, sha256, sources
    }

    /// Reads and checks an entry.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(Field.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Field.self)
        func refuse(_ field: Field, _ rule: String) -> DecodingError {
            .dataCorruptedError(forKey: field, in: values, debugDescription: rule)
        }
        func text(_ field: Field, upTo limit: Int) throws -> String {
            let text = try values.decode(String.self, forKey: field)
            guard !text.isEmpty, text.utf8.count <= limit, !text.unicodeScalars.contains(where: \.isHidden) else {
                throw refuse(field, "it must be one line of 1 to \(limit) bytes")
            }
            return text
        }
        func optionalText(_ field: Field) throws -> String? {
            guard values.contains(field), try !values.decodeNil(forKey: field) else { return nil }
            return try text(field, upTo: 100)
        }

        names = try values.decode([String].self, forKey: .names).map { name in
            guard let name = ShortName(name) else { throw refuse(.names, "“\(name.shown)” is not a model's name") }
            return name
        }
        guard !names.isEmpty else { throw refuse(.names, "there must be a name") }
        title = try text(.title, upTo: 200)
        description = try text(.description, upTo: 1000)
        license = try optionalText(.license)
        parameters = try text(.parameters, upTo: 40)
        architecture = try optionalText(.architecture)
        quantization = try text(.quantization, upTo: 40)
        guard QuantizationLabel(quantization) != nil else {
            throw refuse(.quantization, "“\(quantization.shown)” is not a quantization such as Q4_K_M")
        }
        contextLength = try values.decodeIfPresent(Int.self, forKey: .contextLength)
        guard contextLength.map({ $0 > 0 }) ?? true else { throw refuse(.contextLength, "it must be over 0") }
        let tierText = try text(.tier, upTo: 40)
        guard let tier = CatalogTier(rawValue: tierText) else {
            throw refuse(.tier, "“\(tierText.shown)” is none of minimal, standard, advanced")
        }
        self.tier = tier
        tags = try values.decode([String].self, forKey: .tags)
        guard tags.allSatisfy(OllamaReference.isPart) else { throw refuse(.tags, "a tag is one word") }
        byteCount = try values.decode(Int64.self, forKey: .byteCount)
        guard byteCount > 0 else { throw refuse(.byteCount, "it must be over 0") }
        guard let digest = Digest(hexadecimal: try values.decode(String.self, forKey: .sha256)) else {
            throw refuse(.sha256, "it must be 64 lower-case hexadecimal digits")
        }
        self.digest = digest
        let parser = ModelReferenceParser(fileExists: { _ in false })
        sources = try values.decode([String].self, forKey: .sources).map { source in
            guard let reference = try? parser.reference(source), reference.isRemote else {
                throw refuse(
                    .sources, "“\(source.shown)” is not hf.co/owner/name:file, ollama.com/… or an https address")
            }
            return reference
        }
        guard !sources.isEmpty else { throw refuse(.sources, "there must be a source") }
    }
}

extension ModelReference {
    /// Whether it names a place of another machine, by itself.
    fileprivate var isRemote: Bool {
        switch self {
        case .huggingFace, .ollama, .web: true
        case .named, .path: false
        }
    }
}

extension Decoder {
    /// A misspelt optional key would be left out silently otherwise.
    func refuseUnknownKeys(_ known: [String]) throws {
        let keys = try container(keyedBy: AnyKey.self)
        if let key = keys.allKeys.first(where: { !known.contains($0.stringValue) }) {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: keys, debugDescription: "this key is none of \(known.joined(separator: ", "))")
        }
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
