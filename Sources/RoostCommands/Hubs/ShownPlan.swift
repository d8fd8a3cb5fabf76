import Foundation
import Roost
import Terminal

/// A download's plan as it is printed.
struct ShownPlan: Encodable {
    struct File: Encodable {
        let name: String
        let role: String
        let byteCount: Int64?
        let digest: String?
        /// `keep`, `adopt` or `fetch`.
        let action: String
        /// The other program's file that is adopted.
        let path: String?
        /// Addresses, best first.
        let sources: [String]
    }

    let name: String
    let reference: String
    let hub: String
    let revision: String?
    let quantization: String?
    let license: String?
    let byteCount: Int64?
    let fetchByteCount: Int64
    let freeByteCount: Int64?
    /// Whether the disk has room; `null` when a size is not known.
    let fits: Bool?
    let isComplete: Bool
    let files: [File]

    init(_ plan: DownloadPlan) {
        name = plan.name.display
        reference = plan.model.reference.description
        hub = plan.model.hub.rawValue
        revision = plan.model.revision
        quantization = plan.model.quantization
        license = plan.model.license
        byteCount = plan.byteCount
        fetchByteCount = plan.fetchByteCount
        freeByteCount = plan.freeByteCount
        fits = plan.hasUnknownSize ? nil : plan.freeByteCount.map { plan.fetchByteCount <= $0 }
        isComplete = plan.isComplete
        files = plan.files.map(File.init)
    }

    func print(on console: Console) {
        console.print(console.styled(name.printable, .bold) + "  from \(reference.printable)")
        let facts = [
            revision.map {
                "revision \($0.hasPrefix("sha256:") ? String($0.dropFirst(7).prefix(12)) : String($0.prefix(12)))"
            },
            quantization, license.map { "licence \($0)" },
        ].compactMap { $0 }
        if !facts.isEmpty { console.print("  " + facts.joined(separator: ", ").printable) }
        var table = Table([.left("  FILE", isFlexible: true), .right("SIZE"), .left("WHAT HAPPENS", isFlexible: true)])
        for file in files {
            let what = file.path.map { "linked from \($0)" } ?? (file.action == "keep" ? "here already" : "downloaded")
            table.add(["  " + file.name, file.byteCount.map(HumanReadable.bytes) ?? "not told", what])
        }
        console.print(table)
        console.print("  " + summary)
    }

    private var summary: String {
        if isComplete { return "All of it is here; nothing would be downloaded." }
        let size = HumanReadable.bytes(fetchByteCount) + (fits == nil ? " or more" : "")
        guard let freeByteCount else { return "To download: \(size)." }
        let room = HumanReadable.bytes(freeByteCount)
        return fits == false
            ? "To download: \(size), but only \(room) are free."
            : "To download: \(size); \(room) are free."
    }
}

extension ShownPlan.File {
    init(_ file: DownloadPlan.File) {
        name = file.file.path.description
        role = file.file.role.word
        byteCount = file.file.byteCount
        digest = file.file.digest?.description
        sources = file.file.sources.map { $0.url.absoluteString }
        switch file.action {
        case .keep: (action, path) = ("keep", nil)
        case .adopt(let content): (action, path) = ("adopt", content.path)
        case .fetch: (action, path) = ("fetch", nil)
        }
    }
}

extension ModelFileRole {
    /// The role as one word.
    var word: String {
        switch self {
        case .model: "model"
        case .shard(let index, let count): "shard \(index) of \(count)"
        case .projector: "projector"
        case .adapter: "adapter"
        case .template: "template"
        case .system: "system"
        case .parameters: "parameters"
        case .messages: "messages"
        case .license: "license"
        }
    }
}
