import Foundation
import Roost
import Terminal

/// What `roost show` prints of a model that is not in the store, told by its header alone.
struct RemoteModelDetails: Encodable {
    let header: ModelHeader
    let now: Date

    private var summary: ModelSummary { header.summary }

    /// Titled groups of names and values.
    var groups: [TitledGroup] {
        [
            ("Model", model), ("Capabilities", summary.capabilities.map { ($0.rawValue, "") }),
            (header.parts.count == 1 ? "File" : "Files", files), ("Origin", origin),
        ].map { TitledGroup(title: $0.0, rows: $0.1) }.filter { !$0.rows.isEmpty }
    }

    private var model: [(name: String, value: String)] {
        var rows = [("name", header.name.printable), ("state", state)]
        if let title = summary.title { rows.append(("title", String(title.prefix(80)).printable)) }
        rows.append(("architecture", summary.architecture.printable))
        rows.append(("parameters", HumanReadable.count(summary.parameterCount)))
        rows.append(("quantization", summary.quantization))
        if let length = summary.contextLength { rows.append(("context length", "\(length)")) }
        if let length = summary.embeddingLength { rows.append(("embedding length", "\(length)")) }
        if let count = summary.blockCount { rows.append(("layers", "\(count)")) }
        if let count = summary.vocabularyCount { rows.append(("vocabulary", "\(count) tokens")) }
        rows.append(("chat template", summary.chatTemplate == nil ? "no" : "yes"))
        if let license = header.license { rows.append(("license", String(license.prefix(80)).printable)) }
        return rows
    }

    private var state: String { header.isHere ? "a file of this machine, not in the store" : "not downloaded" }

    private var files: [(name: String, value: String)] {
        let size = "\(HumanReadable.bytes(header.byteCount)) (\(header.byteCount) bytes)"
        let digest = { (part: ModelHeader.Part) in part.digest?.short ?? "digest not known" }
        let parts =
            header.parts.count == 1
            ? header.parts.compactMap { part in part.digest.map { ("digest", $0.description) } }
            : header.parts.map { part in
                ("shard", "\(digest(part))  \(HumanReadable.bytes(part.fileByteCount))  \(part.name.printable)")
            }
        return [("size", size)] + parts
            + header.companions.map { file in
                let size = file.byteCount.map { HumanReadable.bytes($0) } ?? "size not known"
                return (file.role.rawValue, "\(size)  \(file.name.printable)")
            }
    }

    private var origin: [(name: String, value: String)] {
        switch header.place {
        case .store: return []
        case .disk(let path): return [("path", path.printable)]
        case .hub(let hub):
            var rows = [("hub", hub.rawValue)]
            if let repository = header.repository { rows.append(("repository", repository.printable)) }
            if let revision = header.revision { rows.append(("revision", revision.printable)) }
            if let date = header.resolvedAt { rows.append(("as of", HumanReadable.relative(date, to: now))) }
            return rows
        }
    }

    /// The facts by the names that a stored model's have.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(header.name, forKey: .name)
        try container.encode(false, forKey: .isStored)
        try container.encode(summary.architecture, forKey: .architecture)
        try container.encode(summary.parameterCount, forKey: .parameterCount)
        try container.encode(summary.quantization, forKey: .quantization)
        try container.encodeIfPresent(summary.contextLength, forKey: .contextLength)
        try container.encodeIfPresent(summary.embeddingLength, forKey: .embeddingLength)
        try container.encodeIfPresent(summary.blockCount, forKey: .blockCount)
        try container.encodeIfPresent(summary.vocabularyCount, forKey: .vocabularyCount)
        try container.encode(summary.capabilities, forKey: .capabilities)
        try container.encode(summary.chatTemplate != nil, forKey: .hasChatTemplate)
        try container.encodeIfPresent(summary.title, forKey: .title)
        try container.encodeIfPresent(header.license, forKey: .license)
        try container.encode(header.byteCount, forKey: .byteCount)
        try container.encode(header.parts.map(\.fileByteCount), forKey: .fileByteCounts)
        try container.encodeIfPresent(header.projectorByteCount, forKey: .projectorByteCount)
        try container.encodeIfPresent(header.repository, forKey: .repository)
        try container.encodeIfPresent(header.revision, forKey: .revision)
        try container.encodeIfPresent(header.resolvedAt, forKey: .resolvedAt)
        try container.encode(header.receivedByteCount, forKey: .receivedByteCount)
    }

    private enum CodingKeys: CodingKey {
        case name, isStored, architecture, parameterCount, quantization, contextLength, embeddingLength, blockCount
        case vocabularyCount, capabilities, hasChatTemplate, title, license, byteCount, fileByteCounts
        case projectorByteCount, repository, revision, resolvedAt, receivedByteCount
    }
}
