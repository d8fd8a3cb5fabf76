import Foundation

/// Models that were chosen by hand, with the content of their files pinned.
///
/// ```swift
/// let catalog = try Catalog.builtIn()
/// let small = catalog.entries(matching: CatalogFilter(tiers: [.minimal], tags: ["chat"]))
/// ```
public struct Catalog: Hashable, Sendable {
    /// The edition, such as `2026.11.1`.
    public let version: String
    /// The models, in the catalog's order.
    public let entries: [CatalogEntry]

    /// The schema that is read.
    public static let schema = 1
    /// The longest catalog that is read, in bytes.
    public static let maximumByteCount = 16 << 20

    /// A catalog of some entries.
    public init(version: String, entries: [CatalogEntry]) {
        self.version = version
        self.entries = entries
    }

    /// The catalog that comes with Roost.
    ///
    /// - Throws: ``ModelHubError/invalidCatalog(source:location:rule:)``; a test reads it, so in a release it is good.
    public static func builtIn() throws -> Catalog {
        try Catalog(json: Data(PackageResources.catalog_json), source: "catalog.json")
    }

    /// Reads a catalog.
    ///
    /// - Parameters:
    ///   - json: Its text.
    ///   - source: Where it came from, for messages.
    /// - Throws: ``ModelHubError/invalidCatalog(source:location:rule:)``.
    public init(json: Data, source: String) throws {
        guard json.count <= Self.maximumByteCount else {
            throw ModelHubError.invalidCatalog(
                source: source, location: "its end", rule: "it is longer than \(Self.maximumByteCount >> 20) MiB")
        }
        do {
            let document = try JSONDecoder().decode(CatalogDocument.self, from: json)
            self.init(version: document.version, entries: document.models)
        } catch let error as DecodingError {
            throw ModelHubError.invalidCatalog(source: source, location: error.location, rule: error.rule)
        }
        var seen = Set<String>()
        for (index, entry) in entries.enumerated() where !seen.insert(entry.name.lowercased()).inserted {
            throw ModelHubError.invalidCatalog(
                source: source, location: "models[\(index)].names[0]",
                rule: "“\(entry.name)” is another model's own name")
        }
    }

    /// Reads a catalog from a file.
    ///
    /// - Throws: ``ModelHubError/invalidCatalog(source:location:rule:)`` and
    ///   ``ModelHubError/fileSystem(path:reason:)``.
    public static func load(path: String) async throws -> Catalog {
        let data = try await BlockingWork.run { FileTree.content(of: path, upTo: maximumByteCount) }
        guard let data else {
            throw ModelHubError.fileSystem(
                path: path, reason: "it is no readable file of at most \(maximumByteCount >> 20) MiB")
        }
        return try Catalog(json: data, source: path)
    }

    /// Reads a catalog from an https address, or an http one of this machine.
    ///
    /// - Throws: ``ModelHubError``.
    public static func load(url: URL, over transport: HubTransport) async throws -> Catalog {
        let response = try await transport.get(
            url, accept: "application/json", upTo: maximumByteCount, credential: nil)
        guard response.isSuccess else {
            throw ModelHubError.unexpectedAnswer(location: url.shown, reason: "HTTP \(response.status)")
        }
        return try Catalog(json: response.body, source: url.shown)
    }

    /// Reads a catalog from a file or an https address: what a person's setting names.
    ///
    /// - Parameter place: A path, or an address with `://`.
    /// - Throws: ``ModelHubError``.
    public static func load(from place: String, over transport: HubTransport) async throws -> Catalog {
        guard place.contains("://") else { return try await load(path: place) }
        guard let url = URL(string: place) else {
            throw ModelHubError.invalidSetting(
                name: "a catalog's address", value: place, rule: "it must be a path or an https address")
        }
        return try await load(url: url, over: transport)
    }

    /// This catalog with another on top: entries of the other come first, and replace those of the same own name.
    public func adding(_ other: Catalog) -> Catalog {
        let replaced = Set(other.entries.map { $0.name.lowercased() })
        return Catalog(
            version: "\(version)+\(other.version)",
            entries: other.entries + entries.filter { !replaced.contains($0.name.lowercased()) })
    }

    /// The entries that a name means; several when it is a family's.
    ///
    /// An entry's own name decides alone, even when others carry it as a further name.
    public func entries(named name: ShortName) -> [CatalogEntry] {
        let wanted = name.description.lowercased()
        if let own = entries.first(where: { $0.name.lowercased() == wanted }) { return [own] }
        return entries.filter { entry in entry.names.contains { $0.description.lowercased() == wanted } }
    }

    /// The entries that pass a filter, in the catalog's order.
    public func entries(matching filter: CatalogFilter) -> [CatalogEntry] {
        entries.filter(filter.passes)
    }

    /// Own names that are near a text, nearest first, at most three.
    public func suggestions(for text: String) -> [String] {
        let wanted = text.lowercased()
        var near: [(distance: Int, name: String)] = []
        for entry in entries {
            let distances = entry.names.map { name -> Int in
                let name = name.description.lowercased()
                let sharesStart = wanted.count > 2 && (name.hasPrefix(wanted) || wanted.hasPrefix(name))
                return sharesStart ? 1 : EditDistance.between(name, wanted, atMost: 4)
            }
            if let distance = distances.min(), distance <= min(3, wanted.count / 3) {
                near.append((distance, entry.name))
            }
        }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
    }
}

/// The file's outermost object.
private struct CatalogDocument: Decodable {
    let version: String
    let models: [CatalogEntry]

    private enum Field: String, CodingKey, CaseIterable { case schema, version, models }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Field.self)
        let schema = try values.decode(Int.self, forKey: .schema)
        guard schema == Catalog.schema else {
            throw DecodingError.dataCorruptedError(
                forKey: .schema, in: values,
                debugDescription: "this Roost reads schema \(Catalog.schema), the catalog has \(schema)")
        }
        try decoder.refuseUnknownKeys(Field.allCases.map(\.rawValue))
        version = try values.decode(String.self, forKey: .version)
        guard OllamaReference.isPart(version) else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: values, debugDescription: "a version is letters, digits, “.” and “-”")
        }
        models = try values.decode([CatalogEntry].self, forKey: .models)
    }
}

extension DecodingError {
    /// Where, as `models[3].sha256`.
    fileprivate var location: String {
        var path: [any CodingKey]
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            path = context.codingPath
        case .keyNotFound(let key, let context): path = context.codingPath + [key]
        @unknown default: path = []
        }
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text.isEmpty ? "its beginning" : text
    }

    fileprivate var rule: String {
        switch self {
        case .typeMismatch(let type, _): return "it must be \(Self.words(for: type))"
        case .valueNotFound: return "it must not be null"
        case .keyNotFound: return "it is missing"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "it is not JSON" : context.debugDescription
        @unknown default: return "it cannot be read"
        }
    }

    private static func words(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Int.Type, is Int64.Type: "a whole number"
        default: String(describing: type).hasPrefix("Array") ? "a list" : "an object"
        }
    }
}
