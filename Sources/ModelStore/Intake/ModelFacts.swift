import Foundation
import ModelFormats

/// What the files of a model say of themselves, read after each one's layout and meaning were checked.
struct ModelFacts: Sendable {
    /// A file to be looked at.
    struct File: Sendable {
        let role: StoreFileRole
        let path: String
        /// What errors call it.
        let shownPath: String
    }

    let summary: ModelSummary
    let capabilities: [ModelCapability]
    let hasChatTemplate: Bool

    /// Checks and reads the files of one model, parts of the weights in order.
    ///
    /// - Throws: ``ModelStoreError/invalidModel(path:reason:)`` with the shown path of the file that is wrong.
    init(inspecting files: [File]) throws {
        let weights = files.filter(\.role.isWeights)
        guard let first = weights.first else { throw ModelStoreError.noWeights }
        var set = GGUFSplitSet(count: weights.count)
        for file in weights {
            try Self.naming(file) {
                let header = try Self.validatedHeader(file)
                if let reason = Self.otherKind(header.metadata) { throw Reason(text: reason) }
                if weights.count == 1, let part = GGUFSplitSet.part(of: header) {
                    throw Reason(
                        text: "it is part \(part.number + 1) of \(part.count) of a model; all parts are needed, in one "
                            + "folder under names that end in -00001-of-\(PartName.padded(part.count)).gguf and so on")
                }
                try set.add(header)
            }
        }
        let whole = try Self.naming(first) { try set.finish() }
        let summary = ModelSummary(header: whole)
        var capabilities = summary.capabilities
        var hasChatTemplate = summary.chatTemplate != nil
        var seesImages = capabilities.contains(.vision)
        for file in files where !file.role.isWeights {
            try Self.naming(file) {
                switch file.role {
                case .projector:
                    if try Self.projectorSeesImages(file) { seesImages = true }
                case .adapter: try Self.checkAdapter(file, architecture: summary.architecture)
                case .template:
                    if TextFile.isJinja(try TextFile.read(file.path, role: file.role)) { hasChatTemplate = true }
                default: _ = try TextFile.read(file.path, role: file.role)
                }
            }
        }
        if hasChatTemplate, capabilities.contains(.completion), !capabilities.contains(.chat) {
            capabilities.append(.chat)
        }
        if seesImages, !capabilities.contains(.vision) { capabilities.append(.vision) }
        self.summary = summary
        self.capabilities = capabilities
        self.hasChatTemplate = hasChatTemplate
    }

    /// Reads the header of a file after it was checked. A copy of it: a mapped file that somebody truncates meanwhile
    /// would end this process.
    private static func validatedHeader(_ file: File) throws -> GGUFHeader {
        try GGUFValidator().validate(URL(fileURLWithPath: file.path)).header
    }

    private static func projectorSeesImages(_ file: File) throws -> Bool {
        let header = try validatedHeader(file)
        guard header.metadata.string("general.architecture") == "clip" else {
            throw Reason(text: "it is not a projector (mmproj): its architecture is not “clip”")
        }
        // Older projectors do not say what they are for; all of those are for images.
        return header.metadata["clip.has_vision_encoder"]?.boolValue ?? true
    }

    private static func checkAdapter(_ file: File, architecture: String) throws {
        let header = try validatedHeader(file)
        guard header.metadata.string("general.type") == "adapter" else {
            throw Reason(text: "it is not an adapter: its general.type is not “adapter”")
        }
        guard let own = header.metadata.string("general.architecture"), own == architecture else {
            throw Reason(text: "it is an adapter for another architecture than the model's, “\(architecture)”")
        }
    }

    /// Why a sound file is no weights; `nil` when it is.
    private static func otherKind(_ metadata: GGUFMetadata) -> String? {
        if metadata.string("general.type") == "adapter" {
            return "it is an adapter (LoRA) for another model, not a model by itself"
        }
        if metadata.string("general.architecture") == "clip" {
            return "it is the projector (mmproj) of another model, not a model by itself; put both into one folder and "
                + "import the folder"
        }
        return nil
    }

    private static func naming<Value>(_ file: File, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ModelStoreError {
            throw error
        } catch {
            throw ModelStoreError.invalidModel(path: file.shownPath, reason: "\(error)")
        }
    }

    /// A reason in words for ``ModelStoreError/invalidModel(path:reason:)``.
    private struct Reason: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
