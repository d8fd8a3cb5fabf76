import Foundation
import Roost
import Terminal

/// What `roost show` prints of a model.
struct ModelDetails: Encodable {
    let record: ModelRecord
    let now: Date
    /// As the server has it in memory; `nil` when it has not.
    var loaded: ProcessItem?
    /// What it brings along besides its weights.
    var preset = PresetDetails(ModelPreset())
    /// Where the first file of weights is.
    private var path: String { record.files.first?.path ?? "" }

    /// Titled groups of names and values.
    var groups: [TitledGroup] {
        [
            ("Model", model), ("Capabilities", record.capabilities.map { ($0.rawValue, "") }),
            ("Parameters", preset.parameters), ("Beginning", preset.beginning),
            (record.files.count == 1 ? "File" : "Files", files),
            ("Origin", origin), ("Use", use), ("In memory", memory),
        ].map { TitledGroup(title: $0.0, rows: $0.1) }.filter { !$0.rows.isEmpty }
    }

    private var model: [(name: String, value: String)] {
        var rows = [("name", record.name.description)]
        if let title = record.title { rows.append(("title", title)) }
        rows.append(("architecture", record.architecture))
        rows.append(("parameters", HumanReadable.count(record.parameterCount)))
        rows.append(("quantization", record.quantization))
        if let length = record.contextLength { rows.append(("context length", "\(length)")) }
        if let length = record.embeddingLength { rows.append(("embedding length", "\(length)")) }
        rows.append(("chat template", record.hasChatTemplate ? "yes" : "no"))
        if let license = record.license { rows.append(("license", String(license.prefix(80)))) }
        return rows
    }

    private var files: [(name: String, value: String)] {
        let size = "\(HumanReadable.bytes(record.totalByteCount)) (\(record.totalByteCount) bytes)"
        let rows =
            record.files.count == 1
            ? [("digest", record.digest.description), ("size", size), ("path", path)]
            : [("size", size)]
                + record.files.map { file in
                    let facts = "\(file.digest.short)  \(HumanReadable.bytes(file.byteCount))  \(file.path)"
                    return (file.role.rawValue, file.isDamaged ? facts + "  damaged" : facts)
                }
        return rows + [
            ("added", HumanReadable.relative(record.createdAt, to: now)),
            ("verified", record.lastVerifiedAt.map { HumanReadable.relative($0, to: now) } ?? "never"),
        ]
    }

    private var origin: [(name: String, value: String)] {
        guard let provenance = record.provenance else { return [("source", record.source)] }
        var rows = [("hub", provenance.hub), ("reference", provenance.reference)]
        if let repository = provenance.repository { rows.append(("repository", repository)) }
        if let revision = provenance.revision { rows.append(("revision", revision)) }
        rows.append(("fetched", HumanReadable.relative(provenance.retrievedAt, to: now)))
        return rows
    }

    private var use: [(name: String, value: String)] {
        [
            ("active", record.isActive ? "yes" : "no"), ("used", "\(record.useCount) times"),
            ("first used", record.firstUsedAt.map { HumanReadable.relative($0, to: now) } ?? "never"),
            ("last used", record.lastUsedAt.map { HumanReadable.relative($0, to: now) } ?? "never"),
        ]
    }

    private var memory: [(name: String, value: String)] {
        guard let loaded else { return [] }
        var rows = [("memory", HumanReadable.bytes(loaded.byteCount)), ("context", "\(loaded.contextLength)")]
        if !loaded.process.isEmpty { rows.append(("process", loaded.process)) }
        if let held = loaded.residentByteCount { rows.append(("process holds", HumanReadable.bytes(held))) }
        return rows + [("until", loaded.until)]
    }

    /// The record's own form and the path.
    func encode(to encoder: any Encoder) throws {
        try record.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(path, forKey: .path)
        try container.encodeIfPresent(loaded, forKey: .loaded)
        try preset.encode(to: encoder)
    }

    private enum CodingKeys: CodingKey { case path, loaded }
}
