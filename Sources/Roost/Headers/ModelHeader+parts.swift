import Foundation
import ModelFormats
import ModelStore

extension ModelHeader {
    /// A header made of its parts, each of them checked for layout and meaning, and all together for being one model.
    ///
    /// - Parameter isChecked: whether that was done when the files came into the store.
    /// - Throws: `ModelStoreError.invalidModel` that names the file which is wrong.
    init(
        name: String, place: Place, parts: [Part], projector: Part?, companions: [Companion], repository: String?,
        revision: String?, license: String?, resolvedAt: Date?, receivedByteCount: Int64, isChecked: Bool = false
    ) throws {
        guard let first = parts.first else { throw ModelStoreError.noWeights }
        var set = GGUFSplitSet(count: parts.count)
        for part in parts {
            do {
                if !isChecked {
                    try GGUFValidator().validate(part.header, fileByteCount: UInt64(clamping: part.fileByteCount))
                }
                try set.add(part.header)
            } catch {
                throw ModelStoreError.invalidModel(path: part.name, reason: "\(error)")
            }
        }
        if let projector, !isChecked {
            do {
                try GGUFValidator().validate(
                    projector.header, fileByteCount: UInt64(clamping: projector.fileByteCount))
            } catch {
                throw ModelStoreError.invalidModel(path: projector.name, reason: "\(error)")
            }
        }
        do {
            whole = try set.finish()
        } catch {
            throw ModelStoreError.invalidModel(path: first.name, reason: "\(error)")
        }
        summary = ModelSummary(header: whole)
        self.name = name
        self.place = place
        self.parts = parts
        self.projector = projector
        self.companions = companions
        self.repository = repository
        self.revision = revision
        self.license = license ?? summary.license
        self.resolvedAt = resolvedAt
        self.receivedByteCount = receivedByteCount
    }
}
