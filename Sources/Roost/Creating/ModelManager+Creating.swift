import Foundation
public import Inference
public import ModelStore

extension ModelManager {
    /// What a model brings along besides its weights; `nil` is the active model. An engine's model has what it brings
    /// along where it is computed, and nothing here.
    ///
    /// - Throws: `ModelStoreError`; `RoostError.noActiveModel`.
    public nonisolated func preset(of name: String?) async throws -> ModelPreset {
        if try await offeredModel(named: name) != nil { return ModelPreset() }
        return try await preset(of: try await model(named: name))
    }

    /// What a model brings along besides its weights.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func preset(of record: ModelRecord) async throws -> ModelPreset {
        guard record.files.contains(where: { ModelPreset.roles.contains($0.role) }) else { return ModelPreset() }
        return ModelPreset(try await store.texts(of: record.name, roles: ModelPreset.roles))
    }

    /// How a model is loaded when a request says nothing of it: the configuration, under the model's own parameters.
    ///
    /// - Throws: `ModelStoreError`; `RoostError.noActiveModel`.
    public nonisolated func loadOptions(of name: String?) async throws -> LoadOptions {
        try await preset(of: name).loadOptions(base: configuration.load)
    }

    /// Makes a model of another one or of files. Contents that the store has are shared, so that a model with another
    /// system prompt costs a few bytes.
    ///
    /// ```swift
    /// var creation = ModelCreation(name: "brief", base: .model("gemma3"))
    /// creation.system = "Answer in one sentence."
    /// let model = try await roost.create(creation)
    /// ```
    ///
    /// - Throws: ``ModelCreationError``, `ModelStoreError`, `InferenceError.invalidOption`, `CancellationError`.
    @discardableResult
    public nonisolated func create(
        _ creation: ModelCreation, progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> ModelRecord {
        try creation.validate()
        var files: [IncomingFile]
        var base: ModelRecord?
        var preset = ModelPreset()
        switch creation.base {
        case .files(let given): files = given
        case .model(let text):
            let record = try await model(named: text)
            preset = try await self.preset(of: record)
            files = record.contents.filter { !ModelPreset.roles.contains($0.role) }
            base = record
        }
        if let system = creation.system { preset.system = system }
        if !creation.messages.isEmpty { preset.messages = creation.messages }
        preset.parameters = creation.parameters.over(preset.parameters)
        if let template = creation.template {
            files.removeAll { $0.role == .template }
            if !template.isEmpty { files.append(IncomingFile(role: .template, name: "template.jinja", text: template)) }
        }
        files += creation.adapters + (try preset.files())
        for (index, text) in creation.licenses.enumerated() where !text.isEmpty {
            files.append(IncomingFile(role: .license, name: "license-\(index + 1).txt", text: text))
        }
        files.nameAdaptersApart()
        let model = IncomingModel(
            name: try ModelName(parsing: creation.name), files: files,
            provenance: Provenance(
                hub: Provenance.created, reference: base?.name.description ?? files.first?.source ?? "files",
                retrievedAt: Date(), license: base?.license))
        return try await store.register(model, replacing: true, linking: .automatic, progress: progress)
    }

    /// The recipe that makes a model anew: of itself, with its own parameters, prompts and licences written out.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func modelfile(of record: ModelRecord) async throws -> Modelfile {
        var instructions: [Modelfile.Instruction] = [.from(record.name.description)]
        let roles = ModelPreset.roles.union([.template, .license])
        guard record.files.contains(where: { roles.contains($0.role) }) else { return Modelfile(instructions) }
        let texts = try await store.texts(of: record.name, roles: roles)
        let preset = ModelPreset(texts)
        // Only what is applied: what came from Ollama's library may be a Go template.
        instructions += (texts[.template] ?? []).filter(ModelCreation.isJinja).map { .template($0) }
        instructions += preset.parameters.lines.map { .parameter(name: $0.name, value: $0.text) }
        if let system = preset.system { instructions.append(.system(system)) }
        instructions += preset.messages.map { .message(role: $0.role, content: $0.content) }
        instructions += (texts[.license] ?? []).map { .license($0) }
        return Modelfile(instructions)
    }
}

extension ModelRecord {
    /// Its files as those of another model, which shares them.
    fileprivate var contents: [IncomingFile] {
        let shardCount = files.count { $0.role == .shard }
        var shard = 0
        return files.map { file in
            var incoming = IncomingFile(
                role: file.role, name: file.name, digest: file.digest, byteCount: file.byteCount, url: nil,
                isVerified: false, source: file.source)
            if file.role == .shard {
                (incoming.index, incoming.count) = (shard, shardCount)
                shard += 1
            }
            return incoming
        }
    }
}

extension [IncomingFile] {
    /// Requests scale adapters by their names, which must differ.
    fileprivate mutating func nameAdaptersApart() {
        var taken = Set<String>()
        for index in indices where self[index].role == .adapter {
            let name = self[index].name.isEmpty ? "adapter.gguf" : self[index].name
            var free = name
            var number = 2
            while !taken.insert(free).inserted {
                free = "\(number)-\(name)"
                number += 1
            }
            self[index].name = free
        }
    }
}

extension ModelManager {
    /// How long a content that was sent waits for a model to be made of it, in seconds.
    static let uploadLifetime: TimeInterval = 24 * 3600

    /// Removes contents that were sent long ago and of which no model was made.
    ///
    /// - Throws: `ModelStoreError`; `DownloadError` when the downloads' folder cannot be read.
    public nonisolated func discardOldUploads() async throws {
        var options = PruneOptions()
        options.minimumAge = Self.uploadLifetime
        try await store.perform(try await prunePlan(options).only(.incoming))
    }
}
