public import Foundation
public import ModelStore

/// A model that is to be made of another one or of files: what it has of its base, and what is its own.
public struct ModelCreation: Sendable, Hashable {
    /// What the model is made of.
    public enum Base: Sendable, Hashable {
        /// A model of the store, whose contents it shares.
        case model(String)
        /// The files of one: weights, in parts or whole, and a projector.
        case files([IncomingFile])
    }

    /// The name it gets; another model of this name goes.
    public var name: String
    /// What it is made of.
    public var base: Base
    /// LoRA adapters that are added to those of the base.
    public var adapters: [IncomingFile] = []
    /// A Jinja chat template in the place of the base's; `nil` keeps that.
    public var template: String?
    /// Its system prompt in the place of the base's; `nil` keeps that, an empty one removes it.
    public var system: String?
    /// Its parameters, over those of the base.
    public var parameters = ModelParameters()
    /// What begins each conversation, in the place of the base's; empty keeps that.
    public var messages: [ModelPreset.Message] = []
    /// Texts of licences, beside those of the base.
    public var licenses: [String] = []

    /// A model of this name made of `base`, with nothing of its own.
    public init(name: String, base: Base) {
        self.name = name
        self.base = base
    }

    /// Refuses what could not be used later.
    ///
    /// - Throws: ``ModelCreationError``, `InferenceError.invalidOption`, `ModelStoreError.invalidName`.
    public func validate() throws {
        _ = try ModelName(parsing: name)
        if case .model(let base) = base { _ = try ModelName(parsing: base) }
        try parameters.validate()
        guard let template, !template.isEmpty, !Self.isJinja(template) else { return }
        throw template.contains("{{") ? ModelCreationError.goTemplate : .notATemplate
    }

    /// Whether a template is Jinja, which goes through the messages by a statement; Go templates have none of its marks.
    static func isJinja(_ template: String) -> Bool { template.contains("{%") }
}

extension ModelCreation {
    /// A model as a recipe describes it.
    ///
    /// - Parameter folder: Where the recipe's paths begin. `nil` takes no paths, for a recipe that came from another
    ///   machine: `FROM` is a model's name then.
    /// - Throws: ``ModelCreationError``; `ModelStoreError` for a folder that does not hold exactly one model.
    public init(name: String, modelfile: Modelfile, folder: URL?) throws {
        self.init(name: name, base: .files([]))
        var bases: [String] = []
        for instruction in modelfile.instructions {
            switch instruction {
            case .from(let text): bases.append(text)
            case .adapter(let path): adapters.append(try Self.adapter(path, folder))
            case .parameter(let name, let value): try parameters.set(name, to: value)
            case .template(let text): template = text
            case .system(let text): system = text
            case .message(let role, let content): messages.append(ModelPreset.Message(role: role, content: content))
            case .license(let text): licenses.append(text)
            }
        }
        let files = try bases.map { try Self.file($0, folder) }
        if files.contains(where: { $0 != nil }) {
            guard files.allSatisfy({ $0 != nil }) else { throw ModelCreationError.severalBases(bases) }
            base = .files(try files.compactMap(\.self).flatMap { try ModelStore.modelFiles(at: $0) })
        } else {
            guard bases.count == 1, let text = bases.first else { throw ModelCreationError.severalBases(bases) }
            base = .model(text)
        }
        try validate()
    }

    /// The file or folder that a text means; `nil` for a model's name.
    private static func file(_ text: String, _ folder: URL?) throws -> URL? {
        guard let folder else { return nil }
        let url = resolved(text, folder)
        let isMarked = ["/", "./", "../", "~"].contains { text.hasPrefix($0) } || text == "." || text == ".."
        let isPath = isMarked || text.lowercased().hasSuffix(".gguf")
        let isHere = FileManager.default.fileExists(atPath: url.path)
        if isPath, !isHere { throw ModelCreationError.missingFile(path: text) }
        // A folder may be called as a model is; a path is marked by its dots then.
        return isPath || isHere && ModelName(text) == nil ? url : nil
    }

    private static func adapter(_ text: String, _ folder: URL?) throws -> IncomingFile {
        guard let folder else { throw ModelCreationError.missingFile(path: text) }
        let url = resolved(text, folder)
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw ModelCreationError.missingFile(path: text)
        }
        return IncomingFile(
            role: .adapter, name: url.lastPathComponent, digest: nil, byteCount: nil, url: url, isVerified: false,
            source: url.path, mayLink: true)
    }

    private static func resolved(_ text: String, _ folder: URL) -> URL {
        let path = NSString(string: text).expandingTildeInPath
        return (path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path))
            .standardizedFileURL
    }
}
