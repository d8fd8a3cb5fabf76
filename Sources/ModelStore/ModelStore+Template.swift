import Foundation
import ModelFormats

extension ModelStore {
    /// The chat template of the model: one beside the weights that the engine can apply (Jinja) wins over the one in
    /// the weights; `nil` when there is none.
    ///
    /// - Throws: what ``locations(of:)`` throws; ``ModelStoreError/invalidModel(path:reason:)``.
    public func chatTemplate(of name: ModelName) async throws -> String? {
        let locations = try await locations(of: name)
        return try await onTransferThread { _ in
            if let template = try Self.ownTemplate(locations) { return template }
            guard let path = locations.weights.first?.path else { return nil }
            do {
                let file = try GGUFReader.open(URL(fileURLWithPath: path), access: .copied)
                return file.header.metadata.string("tokenizer.chat_template")
            } catch {
                throw ModelStoreError.invalidModel(path: path, reason: "\(error)")
            }
        }
    }

    /// The template beside the weights that the engine is to apply in the place of theirs; `nil` when there is none,
    /// or only one in Ollama's own language.
    ///
    /// - Throws: what ``locations(of:)`` throws.
    public func templateOverride(of name: ModelName) async throws -> String? {
        try await templateOverride(among: try await locations(of: name))
    }

    /// As ``templateOverride(of:)``, for who has the places of the model's files already.
    ///
    /// - Throws: ``ModelStoreError``.
    public func templateOverride(among locations: ModelLocations) async throws -> String? {
        if locations.files[.template] == nil { return nil }
        return try await onTransferThread { _ in try Self.ownTemplate(locations) }
    }

    /// The text of the model's licence, where the hub or the registry had one.
    ///
    /// - Throws: what ``locations(of:)`` throws.
    public func licenseText(of name: ModelName) async throws -> String? {
        let texts = try await texts(of: name, role: .license)
        return texts.isEmpty ? nil : texts.joined(separator: "\n\n")
    }

    /// The texts of one kind that go with the model: templates, system prompts, parameters, messages, licences.
    ///
    /// - Throws: what ``locations(of:)`` throws.
    public func texts(of name: ModelName, role: StoreFileRole) async throws -> [String] {
        guard !role.isGGUF else { return [] }
        let urls = try await locations(of: name).files[role] ?? []
        return try await onTransferThread { _ in try urls.map { try Self.text($0, role) } }
    }

    /// The texts of several kinds that go with the model, of each kind in the model's order.
    ///
    /// - Throws: what ``locations(of:)`` throws.
    public func texts(of name: ModelName, roles: Set<StoreFileRole>) async throws -> [StoreFileRole: [String]] {
        let files = try await locations(of: name).files.filter { roles.contains($0.key) && !$0.key.isGGUF }
        return try await onTransferThread { _ in
            var texts: [StoreFileRole: [String]] = [:]
            for (role, urls) in files { texts[role] = try urls.map { try Self.text($0, role) } }
            return texts
        }
    }

    private static func ownTemplate(_ locations: ModelLocations) throws -> String? {
        guard let url = locations.files[.template]?.first else { return nil }
        let template = try text(url, .template)
        return TextFile.isJinja(template) ? template : nil
    }

    private static func text(_ url: URL, _ role: StoreFileRole) throws -> String {
        do {
            return try TextFile.read(url.path, role: role)
        } catch let problem as TextFile.Problem {
            throw ModelStoreError.invalidModel(path: url.path, reason: problem.description)
        }
    }
}
