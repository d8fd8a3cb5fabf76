import Foundation
import Security

/// The cache of Hugging Face's tools: `models--owner--name/{blobs,refs,snapshots/<commit>/…}`.
public struct HuggingFaceCache: LocalModelStore {
    /// Under which name the found models are reported.
    public let identifier: LocalStoreIdentifier

    /// A reader of caches of this layout.
    public init(identifier: LocalStoreIdentifier = .huggingFace) {
        self.identifier = identifier
    }

    /// `$HF_HUB_CACHE`, or `hub` in `$HF_HOME`: the first that is set, as the tools do.
    public func folders(_ paths: StorePaths) -> [String] {
        [paths.variable("HF_HUB_CACHE") ?? paths.huggingFaceHome + "/hub"]
    }

    /// Reads every snapshot; a file that several commits share is reported once, for the main branch's if that has it.
    public func scan(_ folder: String) -> DiscoveryReport {
        let folder = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        var report = DiscoveryReport()
        for name in FileTree.names(in: folder) {
            guard name.hasPrefix("models--"), let repository = Self.repository(ofFolder: name) else { continue }
            report.add(scan(repository, folder + "/" + name, cache: folder))
        }
        return report
    }

    /// Owner and name hold no `--` of their own.
    private static func repository(ofFolder name: String) -> RepositoryName? {
        RepositoryName(String(name.dropFirst("models--".count)).replacing("--", with: "/"))
    }

    private func scan(_ repository: RepositoryName, _ folder: String, cache: String) -> DiscoveryReport {
        var report = DiscoveryReport()
        let main = FileTree.content(of: folder + "/refs/main", upTo: 256)
            .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
        let commits = FileTree.names(in: folder + "/snapshots").sorted {
            ($0 == main ? 0 : 1, $0) < ($1 == main ? 0 : 1, $1)
        }
        var reported = Set<String>()
        for commit in commits where RepositoryPath(commit) != nil {
            let snapshot = folder + "/snapshots/" + commit
            var listing: [ListedFile] = []
            var real: [String: String] = [:]
            for entry in FileTree.files(below: snapshot) {
                guard var listed = entry.listed, listed.path.isGGUF else { continue }
                let target = URL(fileURLWithPath: snapshot + "/" + entry.path).resolvingSymlinksInPath().path
                guard target.hasPrefix(cache + "/") else {
                    report.problems.append(
                        DiscoveryProblem(
                            store: identifier, path: snapshot + "/" + entry.path,
                            reason: "it is a link that leads out of the cache"))
                    continue
                }
                listed.digest = Self.digest(ofLink: snapshot + "/" + entry.path)
                listing.append(listed)
                real[snapshot + "/" + entry.path] = target
            }
            var found = GGUFFolder.models(in: snapshot, files: listing, store: identifier) { variant in
                "\(repository):\(variant.choice)"
            }
            for index in found.models.indices {
                for position in found.models[index].files.indices {
                    let path = found.models[index].files[position].path
                    found.models[index].files[position].path = real[path] ?? path
                }
                found.models[index].revision = commit
                found.models[index].origin = origin(repository, found.models[index].name)
            }
            found.models.removeAll { model in !reported.insert(model.files.first?.path ?? "").inserted }
            report.add(found)
        }
        return report
    }

    /// The SHA-256 by which the snapshot's link names a large file's blob; a small file's blob is named by Git's hash.
    ///
    /// Only that first link counts: since huggingface_hub 2 a blob can itself be a link into a folder that the cache's
    /// repositories share, where files are named by their Xet hash, which looks the same and is another.
    private static func digest(ofLink path: String) -> Digest? {
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        return target.flatMap { $0.split(separator: "/").last }.flatMap { Digest(hexadecimal: String($0)) }
    }

    private func origin(_ repository: RepositoryName, _ name: String) -> ModelReference? {
        try? ModelReferenceParser(fileExists: { _ in false }).reference("hf.co/" + name)
    }
}
