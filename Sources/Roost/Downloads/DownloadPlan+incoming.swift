import Downloads
import Foundation
import ModelHubs
import ModelStore
import Security

extension DownloadPlan {
    /// The model as the store takes it in, with the files that were fetched by their place in the plan.
    func incomingModel(_ fetched: [Int: DownloadedFile], licenseText: String?) -> IncomingModel {
        var incoming: [IncomingFile] = []
        for (index, planned) in files.enumerated() {
            let file = planned.file
            var entry = IncomingFile(
                role: file.role.stored, index: file.role.part?.index, count: file.role.part?.count,
                name: file.path.description, digest: file.digest, byteCount: file.byteCount, url: nil,
                isVerified: false, source: file.sources.first?.url.absoluteString)
            switch planned.action {
            case .keep: break
            case .adopt(let content):
                entry.url = URL(fileURLWithPath: content.path)
                entry.mayLink = true
                entry.source = content.path
            case .fetch:
                guard let download = fetched[index] else { continue }
                entry.digest = download.digest
                entry.byteCount = download.byteCount
                entry.url = download.url
                entry.isVerified = true
                entry.pieces = download.pieces
            }
            incoming.append(entry)
        }
        return IncomingModel(
            name: name, files: incoming,
            provenance: Provenance(
                hub: model.hub.rawValue, reference: model.reference.description, repository: model.repository,
                revision: model.revision, retrievedAt: Date(), license: model.license),
            licenseText: licenseText)
    }

    /// The adopted file that an error of the store's is about.
    func adoptedFile(refusedBy error: ModelStoreError) -> Int? {
        files.firstIndex { planned in
            guard case .adopt(let content) = planned.action, content.store.rawValue != "file" else { return false }
            switch error {
            case .contentMismatch(content.path, _, _), .wrongSize(content.path, _, _, _),
                .sourceChanged(content.path), .notLinkable(content.path, _), .io(content.path, _, _),
                .notARegularFile(content.path, _), .invalidModel(content.path, _):
                return true
            default: return false
            }
        }
    }

    /// The plan with a file fetched in the place of being adopted.
    func fetching(_ index: Int) -> DownloadPlan {
        var files = files
        files[index] = File(file: files[index].file, action: .fetch)
        return DownloadPlan(
            name: name, model: model, files: files, licenseFile: licenseFile, isComplete: isComplete,
            freeByteCount: freeByteCount)
    }
}
