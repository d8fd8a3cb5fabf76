import Foundation
import ModelHubs
import ModelStore
import Security

/// What a name stood for when a hub was asked, without the addresses and tokens: enough to find the headers of its
/// files again without the network.
struct RememberedModel: Codable, Sendable {
    struct File: Codable, Sendable {
        let role: StoreFileRole
        let name: String
        var byteCount: Int64?
        let digest: String?
        /// Under which the header is kept where no digest is stated: made of address and tag.
        var tagKey: String?
        /// The tag that the server gave the content.
        var tag: String?

        /// Under what its header is kept; `nil` when nothing says which content it is.
        var key: Digest? { (digest ?? tagKey).flatMap { Digest(hexadecimal: $0) } }
    }

    let name: String
    let hub: String
    let repository: String?
    let revision: String?
    let license: String?
    var files: [File]
    let resolvedAt: Date

    init(_ model: ResolvedModel, at date: Date) {
        name = model.name
        hub = model.hub.rawValue
        repository = model.repository
        revision = model.revision
        license = model.license
        files = model.files.map {
            File(
                role: $0.role.stored, name: $0.path.description, byteCount: $0.byteCount,
                digest: $0.digest?.hexadecimal)
        }
        resolvedAt = date
    }

    var weights: [File] { files.filter(\.role.isWeights) }
    /// The weights in order, and the projector that goes with them.
    var filesWithHeaders: [File] { weights + files.filter { $0.role == .projector }.prefix(1) }

    var companions: [ModelHeader.Companion] {
        files.filter { !$0.role.isWeights }
            .map { ModelHeader.Companion(role: $0.role, name: $0.name, byteCount: $0.byteCount) }
    }
}
