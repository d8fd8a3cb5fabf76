import Foundation
import ModelHubs
import ModelStore

extension DiscoveredModel {
    /// The name under which the store keeps it: that of its origin, or what the other program calls it.
    public var storeName: String {
        if let text = origin?.description, let name = ModelName(text) { return name.description }
        if let name = ModelName(name) { return name.description }
        let file = files.first.map { URL(fileURLWithPath: $0.path).lastPathComponent } ?? name
        return ModelName(fileName: file)?.description ?? "adopted"
    }

    func incomingModel(named name: ModelName) -> IncomingModel {
        IncomingModel(
            name: name,
            files: files.map { file in
                let url = URL(fileURLWithPath: file.path)
                return IncomingFile(
                    role: file.role.stored, index: file.role.part?.index, count: file.role.part?.count,
                    name: url.lastPathComponent, digest: file.claimedDigest, byteCount: file.byteCount, url: url,
                    isVerified: false, source: file.path, mayLink: true)
            },
            provenance: Provenance(
                hub: origin == nil ? HubIdentifier.local.rawValue : store.rawValue,
                reference: origin?.description ?? files.first?.path ?? self.name, repository: nil, revision: revision,
                retrievedAt: Date(), license: nil))
    }
}

extension ModelFileRole {
    /// The store's word for it.
    var stored: StoreFileRole {
        switch self {
        case .model: .model
        case .shard: .shard
        case .projector: .projector
        case .adapter: .adapter
        case .template: .template
        case .system: .system
        case .parameters: .parameters
        case .messages: .messages
        case .license: .license
        }
    }

    /// Which part of the weights it is, from 0, and of how many; `nil` for what is not a part.
    var part: (index: Int, count: Int)? {
        if case .shard(let index, let count) = self { (index - 1, count) } else { nil }
    }
}
