import Foundation
import Security

/// The files of one download. Every name is made from a digest: nothing that a server or a user writes names a path.
struct DownloadPaths: Sendable {
    let destination: String
    let partialFolder: String
    private let key: Digest

    init(_ request: DownloadRequest) {
        destination = request.destination.path
        partialFolder = request.partialFolder.path
        key = request.key
    }

    var data: String { partialFolder + "/" + key.fileName + ".part" }
    var journal: String { partialFolder + "/" + key.fileName + ".journal" }
    var lock: String { partialFolder + "/" + key.fileName + ".lock" }

    func finished(_ digest: Digest) -> String { destination + "/" + digest.fileName }
}
